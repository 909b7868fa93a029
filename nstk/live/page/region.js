// A region that is drawn over the photograph: a brush, and a click that takes all that is of one colour around it.

import { send } from "./api.js";
import { question, tell } from "./dialog.js";

const INK = [255, 64, 96];

export async function drawn(photograph) {
  const image = new Image();
  image.src = photograph;
  await image.decode();
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  const paper = document.createElement("div");
  paper.className = "paper";
  const mask = document.createElement("canvas");
  [mask.width, mask.height] = [width, height];
  mask.setAttribute("aria-label", "The region");
  paper.append(image, mask);
  const pen = mask.getContext("2d", { willReadFrequently: true });
  const colours = pixels(image, width, height);

  const tools = document.createElement("div");
  tools.className = "row";
  tools.innerHTML = `
    <label>Tool <select data-tool><option value="click">click: all of this colour</option><option value="brush">brush</option>
      <option value="erase">rubber</option></select></label>
    <label>Size of the brush <input data-size type="range" min="4" max="200" value="40"></label>
    <label>How much may differ <input data-near type="range" min="4" max="120" value="28"></label>
    <button data-clear type="button">Clear</button>`;
  const tool = (name) => tools.querySelector(`[data-${name}]`);
  tool("clear").onclick = () => pen.clearRect(0, 0, width, height);

  let last = null;
  const at = (event) => {
    const box = mask.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  };
  mask.onpointerdown = (event) => {
    mask.setPointerCapture(event.pointerId);
    last = at(event);
    if (tool("tool").value === "click") fill(...last.map(Math.floor), Number(tool("near").value));
    else stroke(last, last);
  };
  mask.onpointermove = (event) => {
    if (!last || tool("tool").value === "click") return;
    const now = at(event);
    stroke(last, now);
    last = now;
  };
  mask.onpointerup = mask.onpointercancel = () => { last = null; };

  function stroke(from, to) {
    pen.globalCompositeOperation = tool("tool").value === "erase" ? "destination-out" : "source-over";
    pen.strokeStyle = `rgb(${INK})`;
    pen.lineCap = "round";
    pen.lineWidth = Number(tool("size").value) * (width / mask.getBoundingClientRect().width);
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(to[0] + 0.01, to[1]);
    pen.stroke();
    pen.globalCompositeOperation = "source-over";
  }

  function fill(column, row, near) {
    const there = pen.getImageData(0, 0, width, height);
    const seen = new Uint8Array(width * height);
    const start = row * width + column;
    const waiting = [start];
    seen[start] = 1;
    while (waiting.length) {
      const place = waiting.pop();
      there.data.set([...INK, 255], 4 * place);
      const x = place % width;
      for (const next of [x > 0 ? place - 1 : -1, x < width - 1 ? place + 1 : -1, place - width, place + width]) {
        if (next < 0 || next >= seen.length || seen[next]) continue;
        const apart = [0, 1, 2].reduce((sum, it) => sum + Math.abs(colours[4 * next + it] - colours[4 * start + it]), 0);
        if (apart <= 3 * near) { seen[next] = 1; waiting.push(next); }
      }
    }
    pen.putImageData(there, 0, 0);
  }

  const body = document.createElement("div");
  body.append(tools, paper);
  const buttons = [["Paint this region", "in"], ["Paint all but this", "out"], ["Cancel", null]];
  const answer = await question("A region", "What is marked is painted; the rest stays the photograph.", buttons, body);
  if (!answer) return null;
  const data = pen.getImageData(0, 0, width, height).data;
  if (!data.some((value, index) => index % 4 === 3 && value)) {
    tell("Nothing was marked, so the whole picture is painted.");
    return null;
  }
  return send(await grey(data, width, height, answer === "out"), "region.png");
}

function pixels(image, width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  return pen.getImageData(0, 0, width, height).data;
}

function grey(data, width, height, inverted) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d");
  const made = pen.createImageData(width, height);
  for (let place = 0; place < data.length; place += 4) {
    const level = data[place + 3] > 127 !== inverted ? 255 : 0;
    made.data.set([level, level, level, 255], place);
  }
  pen.putImageData(made, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
