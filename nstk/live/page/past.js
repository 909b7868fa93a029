// The results that lie in the folder: looked at, compared, their recipes shown.

import { ask } from "./api.js";
import { question, text, tried } from "./dialog.js";
import { pair } from "./stage.js";

const list = document.getElementById("results");
let chosen = null;

document.getElementById("unpick").onclick = () => pick(null);

export async function refresh() {
  const results = await tried(() => ask("api/history"));
  if (!results) return;
  document.getElementById("no-past").hidden = results.length > 0;
  list.replaceChildren(...results.map((it) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const image = new Image();
    image.loading = "lazy";
    image.alt = it.name;
    image.src = `${address(it)}/small?${it.when}`;
    const name = document.createElement("b");
    name.textContent = it.name;
    const note = document.createElement("small");
    note.textContent = [it.recipe, it.size, it.seconds ? `${Math.round(it.seconds)} s` : ""].filter(Boolean).join(", ");
    button.append(image, name, note);
    button.onclick = () => (chosen && chosen.name !== it.name ? compare(chosen, it) : look(it));
    item.classList.toggle("chosen", chosen?.name === it.name);
    item.append(button);
    return item;
  }));
}

const address = (it) => `api/history/${encodeURIComponent(it.name)}`;

function pick(it) {
  chosen = it;
  document.getElementById("pick").hidden = !it;
  refresh();
}

async function look(it) {
  const told = await tried(() => ask(`${address(it)}/recipe`));
  if (!told) return;
  const body = document.createElement("div");
  const image = new Image();
  image.src = address(it);
  image.alt = it.name;
  body.append(image, text(told.recipe));
  if (await question(it.name, "", [["Compare with another", "compare"], ["Close", null]], body) === "compare") pick(it);
}

async function compare(one, other) {
  const names = new URLSearchParams({ one: one.name, other: other.name });
  const told = await tried(() => ask(`api/compare?${names}`));
  pick(null);
  if (!told) return;
  const body = document.createElement("div");
  const sides = [one, other].map((it) => ({ name: it.name, address: address(it) }));
  body.append(pair(...sides), text(told.differences.join("\n") || "Nothing differs."));
  await question(`${one.name} and ${other.name}`, "", [["Close", null]], body);
}
