// The picture, with the photograph before it.

const frame = document.getElementById("frame");
const [after, before, slide] = ["after", "before", "slide"].map((id) => document.getElementById(id));

slide.oninput = () => frame.style.setProperty("--cut", `${slide.value}%`);

export function clear() {
  after.hidden = before.hidden = slide.hidden = true;
  frame.classList.add("empty");
  document.getElementById("nothing").hidden = false;
}

export function show(address) {
  const next = new Image();
  next.onload = () => {
    after.src = next.src;
    after.hidden = false;
    frame.classList.remove("empty");
    document.getElementById("nothing").hidden = true;
  };
  next.src = address;
}

export function photograph(address) {
  before.onload = () => { before.hidden = slide.hidden = false; };
  before.onerror = () => { before.hidden = slide.hidden = true; };
  before.src = address;
}

// Two pictures over one another, with a slider.
export function pair(one, other) {
  const made = document.createElement("div");
  made.className = "pair";
  const images = [[other.address, other.name], [one.address, one.name]].map(([address, name]) => {
    const image = new Image();
    image.src = address;
    image.alt = name;
    return image;
  });
  const slider = document.createElement("input");
  slider.type = "range";
  slider.value = 50;
  slider.setAttribute("aria-label", `${one.name} and ${other.name}`);
  slider.oninput = () => made.style.setProperty("--cut", `${slider.value}%`);
  made.append(...images, slider);
  return made;
}
