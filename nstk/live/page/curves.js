// The losses by step, on paper with a logarithmic scale: a line for each label, and a thin one where a scale begins.

const MOST = 2000;
const COLOURS = ["#d1495b", "#2e86ab", "#e0a030", "#5b8e4e", "#8a5aa8", "#4aa89c", "#a86f4a", "#7c8799"];
const canvas = document.getElementById("curves");
const legend = document.getElementById("legend");

let labels = [];
let [kept, last, each, seen] = [[], [], 1, 0];

export function reset(names, all) {
  [labels, kept, last, each, seen] = [names, [], [], 1, 0];
  add(all);
}

// Of a long run every second point is kept, then every fourth, and so on; the last one always.
export function add(more) {
  for (const point of more) {
    last = seen % each ? [point] : [];
    if (!last.length) kept.push(point);
    seen += 1;
    if (kept.length === MOST) [kept, each] = [kept.filter((_, index) => index % 2 === 0), 2 * each];
  }
  draw();
}

function draw() {
  const pen = canvas.getContext("2d");
  const { width, height } = canvas;
  const points = [...kept, ...last];
  const [left, right, top, bottom] = [58, width - 8, 10, height - 30];
  pen.clearRect(0, 0, width, height);
  pen.font = "20px system-ui";
  pen.fillStyle = pen.strokeStyle = getComputedStyle(canvas).color;
  const values = points.flatMap((it) => labels.map((label) => it[label])).filter((it) => it > 0);
  if (values.length) {
    const logs = values.map(Math.log10);
    const [low, high] = [Math.floor(Math.min(...logs) * 2) / 2, Math.ceil(Math.max(...logs) * 2) / 2 + 0.01];
    const first = points[0].step;
    const end = Math.max(points.at(-1).step, first + 1);
    const x = (step) => left + ((step - first) / (end - first)) * (right - left);
    const y = (value) => bottom - ((Math.log10(value) - low) / (high - low)) * (bottom - top);
    for (let power = Math.ceil(low); power <= high; power++) {
      pen.fillText(Number(`1e${power}`).toString().replace("000000", "e6"), 0, y(10 ** power) + 7);
      line([[left, y(10 ** power)], [right, y(10 ** power)]], 1, 0.3);
    }
    pen.fillText(`step ${first}`, left, height - 6);
    const word = `${end}`;
    pen.fillText(word, right - pen.measureText(word).width, height - 6);
    points.forEach((it, index) => {
      if (index && it.scale !== points[index - 1].scale) line([[x(it.step), top], [x(it.step), bottom]], 1.5, 0.5);
    });
    labels.forEach((label, index) => {
      pen.strokeStyle = COLOURS[index % COLOURS.length];
      line(points.filter((it) => it[label] > 0).map((it) => [x(it.step), y(it[label])]), 3, 1);
    });
  }
  legend.replaceChildren(...labels.map((label, index) => {
    const item = document.createElement("li");
    const mark = document.createElement("i");
    mark.style.setProperty("--mark", COLOURS[index % COLOURS.length]);
    const value = points.at(-1)?.[label];
    item.append(mark, `${label} ${value === undefined ? "" : value.toPrecision(3)}`);
    return item;
  }));

  function line(places, thick, alpha) {
    if (!places.length) return;
    pen.globalAlpha = alpha;
    pen.lineWidth = thick;
    pen.beginPath();
    places.forEach(([right_, down], index) => (index ? pen.lineTo(right_, down) : pen.moveTo(right_, down)));
    pen.stroke();
    pen.globalAlpha = 1;
  }
}
