"use strict";
// Without this script the page shows all pictures side by side.
document.documentElement.classList.add("live");
for (const label of document.querySelectorAll(".slider")) label.hidden = false;

const compare = document.getElementById("compare");
const divide = document.getElementById("divide");

function cut() {
  compare.style.setProperty("--cut", `${divide.value}%`);
  divide.setAttribute("aria-valuetext", `${divide.value} % photograph`);
}

function drag(event) {
  if (!(event.buttons & 1)) return;
  const box = compare.getBoundingClientRect();
  divide.value = Math.round((100 * (event.clientX - box.left)) / box.width);
  cut();
}

divide.addEventListener("input", cut);
compare.addEventListener("pointerdown", drag);
compare.addEventListener("pointermove", drag);
compare.addEventListener("dragstart", (event) => event.preventDefault());
cut();

const snapshots = [...document.querySelectorAll("#snapshots li")];
const scrub = document.getElementById("scrub");

function show() {
  snapshots.forEach((it, index) => it.classList.toggle("shown", index === Number(scrub.value)));
  const caption = snapshots[scrub.value]?.querySelector("figcaption");
  scrub.setAttribute("aria-valuetext", caption ? caption.textContent : "");
}

scrub.addEventListener("input", show);
show();
