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

// The board, again and again: all of it at first and after a lost connection, then what is new.
export function watch({ state, news, lost }) {
  let events = null;
  async function connect() {
    try {
      const all = await ask("api/state");
      state(all);
      events = new EventSource(`api/events?since=${all.version}`);
      events.onmessage = (event) => news(JSON.parse(event.data));
      events.onerror = () => { events.close(); lost(); setTimeout(connect, 1000); };
    } catch (error) {
      lost(error);
      setTimeout(connect, 2000);
    }
  }
  connect();
}
