// The page of a run: what the server tells is shown, and what the user asks for is sent.

import { post, send, watch } from "./api.js";
import * as controls from "./controls.js";
import * as curves from "./curves.js";
import { question, tell, text, tried } from "./dialog.js";
import * as past from "./past.js";
import * as stage from "./stage.js";
import * as studio from "./studio.js";

const at = (id) => document.getElementById(id);
const ENDED = ["idle", "done", "stopped", "failed"];

let now = { run: -1, picture: -1, status: "" };
let begins = null;

watch({
  state(all) {
    at("lost").hidden = true;
    if (begins === null) {
      begins = all.begins;
      if (begins) studio.start();
    }
    now = { run: -1, picture: -1, status: now.status };
    show(all);
    past.refresh();
  },
  news(told) {
    at("lost").hidden = true;
    show(told);
  },
  lost() {
    at("lost").hidden = false;
    const kept = now.output ? ` The picture is ${now.output}.` : "";
    at("lost").textContent = ENDED.includes(now.status) && !begins
      ? `nstk has ended.${kept}`
      : "The connection to nstk is lost. This page tries again every second; the run goes on without it.";
  },
});

function show(told) {
  const before = now;
  now = { ...before, ...told };
  const active = !ENDED.includes(now.status);
  if (told.run !== before.run) begin(told);
  else curves.add(told.points);
  at("status").textContent = now.status;
  at("status").className = `status ${now.status}`;
  at("pause").hidden = at("stop").hidden = !active;
  const held = now.status === "paused" || now.status === "pausing";
  at("pause").textContent = held ? "Go on" : "Pause";
  at("pause").dataset.held = held;
  at("pause").disabled = at("stop").disabled = now.status === "stopping" || now.status === "starting";
  if (!now.run) return;
  at("bar").value = now.total ? now.step / now.total : 0;
  at("progress").textContent = [
    `step ${now.step} of ${now.total}`,
    now.scale === null ? "" : size(now.scales[now.scale]),
    clock(now.seconds),
    active && now.left ? `${clock(now.left)} left` : "",
  ].filter(Boolean).join(" · ");
  if (now.picture !== before.picture && now.picture) stage.show(`api/picture?${now.run}.${now.picture}`);
  if (now.values) controls.set(now.values, now.changes, active && now.status !== "stopping");
  if (told.recipe) at("recipe").textContent = told.recipe;
  if (now.status !== before.status && ENDED.includes(now.status)) {
    if (now.message) tell(now.message);
    at("where").textContent = now.output ? `${now.output} · nstk show, nstk rerun and nstk diff read its recipe` : "";
    past.refresh();
  }
}

function begin(told) {
  at("name").textContent = told.run ? told.name : "nstk";
  document.title = told.run ? `${told.name} · nstk` : "nstk";
  at("side").hidden = !told.run;
  stage.clear();
  at("paintings").replaceChildren();
  if (!told.run) return;
  now.picture = told.picture;
  if (told.picture) stage.show(`api/picture?${told.run}.${told.picture}`);
  at("where").textContent = `${told.output} · ${told.device}, ${told.precision}`;
  stage.photograph(`api/photograph?${told.run}`);
  at("paintings").replaceChildren(...told.styles.map((label) => {
    const image = new Image();
    image.src = `api/painting/${encodeURIComponent(label)}?${told.run}`;
    image.alt = image.title = label === "style" ? "The painting" : `The painting ${label}`;
    image.onerror = () => image.remove();
    return image;
  }));
  curves.reset(told.labels, told.points);
  if (told.recipe) at("recipe").textContent = told.recipe;
}

const size = (scale) => (scale ? `${scale.width} × ${scale.height}` : "");

function clock(seconds) {
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  return whole < 3600 ? `${Math.floor(whole / 60)}:${two(whole % 60)}` : `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

at("pause").onclick = () => tried(() => post(at("pause").dataset.held === "true" ? "api/go" : "api/pause"));
at("stop").onclick = () => tried(() => post("api/stop"));

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, button, summary, dialog");
  if (event.code === "Space" && !typing && !at("pause").hidden) {
    event.preventDefault();
    at("pause").click();
  }
});

// Files may be dropped anywhere.
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("over");
  for (const zone of document.querySelectorAll(".drop")) zone.classList.toggle("over", zone.contains(event.target));
});
document.addEventListener("dragleave", () => document.body.classList.remove("over"));
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  document.body.classList.remove("over");
  for (const zone of document.querySelectorAll(".drop")) zone.classList.remove("over");
  const files = [...event.dataTransfer.files];
  if (!files.length) return;
  if (begins === null) {
    tell("The page is not connected yet: drop the files again in a moment.");
    return;
  }
  if (begins) {
    const zone = event.target.closest(".drop");
    await studio.take(files, zone ? zone.id.slice("drop-".length) : null);
    return;
  }
  const told = await tried(() => send(files[0]));
  if (!told) return;
  const words = told.recipe
    ? `nstk has painted this picture. \`nstk rerun ${told.name}\` paints it again. The run here goes on as it is.`
    : `${told.width} × ${told.height} pixels. ${told.note || "Its file carries no recipe of nstk's."}`;
  await question(told.name, words, [["Close", null]], told.recipe ? text(told.recipe) : null);
});
