// A new picture: what is dropped, what is chosen, the estimate, and the queue.

import { ask, post, remove, send } from "./api.js";
import { question, tell, text, tried } from "./dialog.js";
import { drawn } from "./region.js";

const at = (id) => document.getElementById(id);
const dropped = (name) => `api/dropped/${encodeURIComponent(name)}`;

let content = null;
let styles = [];
let again = null;
let region = null;
let balanced = false;
let listed = "";

export async function start() {
  at("balance").oninput = () => { balanced = true; at("balance-value").textContent = at("balance").value; };
  at("file-content").onchange = (event) => take(event.target.files, "content");
  at("file-style").onchange = (event) => take(event.target.files, "style");
  at("region").onchange = choose;
  at("estimate").onclick = estimate;
  at("form").onsubmit = (event) => { event.preventDefault(); add(); };
  const looks = await tried(() => ask("api/looks"));
  at("look").replaceChildren(...(looks ?? []).map((it) => new Option(it.name, it.name)));
  const about = () => { at("about").textContent = looks?.find((it) => it.name === at("look").value)?.about ?? ""; };
  at("look").onchange = about;
  about();
  document.body.classList.add("studio");
  at("studio").hidden = false;  // not before all of it answers: a click would load the page anew, and lose what was chosen
  await jobs();
  setInterval(jobs, 1500);
}

// Takes files that were dropped or chosen: as the photograph, as paintings, or as whatever is missing.
export async function take(files, as = null) {
  for (const file of files) {
    const told = await tried(() => send(file));
    if (!told) continue;
    if (told.note) tell(told.note);
    if (told.recipe && await result(told)) continue;
    const part = as ?? (content ? "style" : "content");
    if (part === "content") await photograph(told);
    else painting(told, as === "style" && files.length > 1);
  }
}

// A picture that nstk has painted: nothing is replaced before the user says so.
async function result(told) {
  const buttons = [["Use its recipe", "recipe"], ["Use it as a picture", "picture"], ["Cancel", null]];
  const words = "nstk has painted this picture, and it carries its recipe. To use the recipe replaces what is chosen here.";
  const answer = await question(told.name, words, buttons, text(told.recipe));
  if (answer === "picture") return false;
  if (answer === "recipe") {
    [again, content, styles] = [told.name, null, []];
    at("again").hidden = false;
    at("again").textContent = `As ${told.name} was painted. What you choose here changes it.`;
    at("form").reset();
    balanced = false;
    at("balance-value").textContent = "as the picture has it";
    show("drop-content", null, null);
    show("drop-style", null, null);
  }
  return true;
}

async function photograph(told) {
  if (content && content !== told.name) {
    const answer = await question("Another photograph?", `${told.name} would take the place of ${content}.`, [["Replace it", true], ["Cancel", null]]);
    if (!answer) return;
  }
  content = told.name;
  region = null;
  if (at("region").value === "draw") at("region").value = "";
  show("drop-content", dropped(told.name), told.name);
}

function painting(told, more) {
  styles = more ? [...styles, told.name] : styles.includes(told.name) ? styles : [...styles, told.name];
  show("drop-style", dropped(told.name), styles.join(", "));
}

function show(id, address, words) {
  const place = at(id);
  const image = place.querySelector("img");
  image.hidden = !address;
  if (address) image.src = address;
  place.querySelector("span").textContent = words ?? (id === "drop-content" ? "Photograph" : "Paintings");
}

at("drop-style").ondblclick = () => { styles = []; show("drop-style", null, null); };

async function choose() {
  region = null;
  if (at("region").value !== "draw") return;
  if (!content) {
    at("region").value = "";
    tell("Drop the photograph first: the region is drawn over it.");
    return;
  }
  region = await tried(() => drawn(dropped(content)));
  if (!region) at("region").value = "";
}

function settings() {
  const keys = {};
  for (const key of ["size", "seed", "time"]) {
    const value = at(key).value.trim();
    if (value) keys[key] = /^\d+$/.test(value) ? Number(value) : value;
  }
  if (balanced) keys.balance = Number(at("balance").value);
  const chosen = at("region").value === "draw" ? region?.name : at("region").value;
  return { content, styles, again, look: at("look").value, keys, region: chosen ?? "", more: at("more").value };
}

async function estimate() {
  at("estimated").hidden = false;
  at("estimated").textContent = "A small step is timed…";
  at("estimate").disabled = true;
  const told = await tried(() => post("api/estimate", settings()));
  at("estimate").disabled = false;
  at("estimated").hidden = !told;
  if (told) at("estimated").textContent = told.lines.join("\n");
}

async function add() {
  at("add").disabled = true;
  await tried(() => post("api/jobs", settings()));
  at("add").disabled = false;
  await jobs();
}

async function jobs() {
  let all;
  try { all = await ask("api/jobs"); } catch { return; }
  const now = JSON.stringify(all);
  if (now === listed) return;
  listed = now;
  at("no-jobs").hidden = all.length > 0;
  at("jobs").replaceChildren(...all.toReversed().map((job) => {
    const item = document.createElement("li");
    const name = document.createElement("b");
    name.textContent = job.output ? job.output.split(/[\\/]/).pop() : job.name;
    const status = document.createElement("span");
    status.textContent = job.status;
    item.append(name, status);
    if (job.status === "stopped" || job.status === "failed") item.append(button("Go on", () => post(`api/jobs/${job.number}/again`)));
    if (job.status !== "painting") item.append(button("Remove", () => remove(`api/jobs/${job.number}`)));
    if (job.message) {
      const why = document.createElement("small");
      why.textContent = job.message;
      item.append(why);
    }
    return item;
  }));
}

function button(label, what) {
  const made = document.createElement("button");
  made.textContent = label;
  made.onclick = async () => { await tried(what); await jobs(); };
  return made;
}
