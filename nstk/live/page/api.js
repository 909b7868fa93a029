// Talks to the server. A sentence that it answers with where something is wrong becomes an Error with this sentence.

export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("nstk does not answer: is it still running?");
  }
  const text = await answer.text();
  let data = null;
  try { data = JSON.parse(text); } catch { /* a refusal is plain text */ }
  if (!answer.ok) throw new Error(data?.error ?? (text.trim() || `the server answered ${answer.status}`));
  return data;
}

export const post = (path, data) => ask(path, { method: "POST", body: data === undefined ? "" : JSON.stringify(data) });
export const send = (file, name = file.name) => ask(`api/drop/${encodeURIComponent(name)}`, { method: "PUT", body: file });
export const remove = (path) => ask(path, { method: "DELETE" });

const SILENCE = 6000;

// The board, again and again: all of it at first and after a lost connection, then what is new.
export function watch({ state, news, lost }) {
  let events = null;
  let silent = 0;

  function heard() {
    clearTimeout(silent);
    silent = setTimeout(again, SILENCE);
  }

  function again(error) {
    clearTimeout(silent);
    events?.close();
    events = null;
    lost(error);
    setTimeout(connect, 1000);
  }

  async function connect() {
    try {
      const all = await ask("api/state", { signal: AbortSignal.timeout(SILENCE) });
      state(all);
      events = new EventSource(`api/events?since=${all.version}`);
      events.onmessage = (event) => { heard(); news(JSON.parse(event.data)); };
      events.addEventListener("beat", heard);
      events.onerror = again;
      heard();
    } catch (error) {
      again(error);
    }
  }

  connect();
}
