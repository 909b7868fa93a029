// One dialog for all questions. It gives the value of the button that was pressed, or null.

const dialog = document.getElementById("dialog");

export function question(title, text, buttons, body = null) {
  dialog.querySelector("#dialog-title").textContent = title;
  dialog.querySelector("#dialog-text").textContent = text;
  dialog.querySelector("#dialog-body").replaceChildren(...(body ? [body] : []));
  return new Promise((resolve) => {
    let pressed = null;
    dialog.querySelector("#dialog-buttons").replaceChildren(...buttons.map(([label, value], index) => {
      const button = document.createElement("button");
      button.textContent = label;
      button.className = index === 0 && buttons.length > 1 ? "first" : "";
      button.onclick = () => { pressed = value; dialog.close(); };
      return button;
    }));
    dialog.onclose = () => resolve(pressed);
    dialog.showModal();
  });
}

export function text(words) {
  const made = document.createElement("pre");
  made.textContent = words;
  return made;
}

const banner = document.getElementById("told");
let fading = 0;

export function tell(sentence) {
  banner.textContent = sentence;
  banner.hidden = !sentence;
  clearTimeout(fading);
  if (sentence) fading = setTimeout(() => { banner.hidden = true; }, 15000);
}

// Does what may go wrong, and tells the sentence if it does.
export async function tried(what) {
  try {
    return await what();
  } catch (error) {
    tell(error.message);
    return undefined;
  }
}
