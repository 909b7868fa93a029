// What may be changed while the picture is painted: a slider and a number for each key.

import { post } from "./api.js";
import { tried } from "./dialog.js";

const place = document.getElementById("sliders");
const list = document.getElementById("changes");
const DECADES = 2;

let shown = {};
let rows = {};

export function set(values, changes, active) {
  const keys = Object.keys(values);
  if (keys.join() !== Object.keys(shown).join()) {
    rows = Object.fromEntries(keys.map((key) => [key, row(key, values[key])]));
    place.replaceChildren(...keys.map((key) => rows[key].label));
  }
  for (const key of keys) {
    if (values[key] !== shown[key]) rows[key].put(values[key]);
    rows[key].enable(active);
  }
  shown = values;
  list.replaceChildren(...changes.map((change) => {
    const item = document.createElement("li");
    const words = Object.entries(change.set).map(([key, value]) => `${key} ${Number(value.toPrecision(4))}`);
    item.textContent = `after step ${change.after}: ${words.join(", ")}`;
    return item;
  }));
}

function row(key, first) {
  const label = document.createElement("label");
  const name = document.createElement("span");
  const slider = document.createElement("input");
  const number = document.createElement("input");
  const linear = key === "balance";
  let middle = first || 1;
  name.textContent = key.replace(/^losses\./, "").replace(/\.weight$/, "").replace("optimizer.", "").replace("_", " ");
  slider.type = "range";
  slider.setAttribute("aria-label", key);
  slider.dataset.key = key;
  [slider.min, slider.max, slider.step] = linear ? [0, 100, 1] : [-DECADES, DECADES, 0.01];
  number.type = "number";
  number.step = "any";
  number.min = 0;
  number.setAttribute("aria-label", `${key}, as a number`);
  number.placeholder = linear ? "off" : "";
  const value = () => (linear ? Number(slider.value) : Number((middle * 10 ** Number(slider.value)).toPrecision(4)));
  slider.oninput = () => { number.value = value(); };
  slider.onchange = () => change(value());
  number.onchange = () => { if (number.value !== "") change(Number(number.value)); };
  async function change(wanted) {
    if (await tried(() => post("api/change", { [key]: wanted })) === undefined) put(shown[key]);
  }
  function put(now) {
    if (now === null || now === undefined) {
      number.value = "";
      slider.value = linear ? 50 : 0;
      return;
    }
    if (!linear && now > 0 && Math.abs(Math.log10(now / middle)) > DECADES) middle = now;
    number.value = Number(now.toPrecision(4));
    slider.value = linear ? now : now > 0 ? Math.log10(now / middle) : -DECADES;
  }
  put(first);
  label.append(name, slider, number);
  return { label, put, enable: (on) => { slider.disabled = number.disabled = !on; } };
}
