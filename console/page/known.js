// The exchanges that the wire view shows. Those that a reader may want are fetched ahead, because under load tenfour soon keeps others.

const most = 100;
const texts = new Map(); // of each id, the oldest first
let working = false;
let wanted = [];

// known returns what is known of an exchange. It throws an error that says why nothing is.
export async function known(id) {
  try {
    return JSON.parse(await fetched(id));
  } catch (err) {
    if (!texts.has(id)) throw err;
    return JSON.parse(texts.get(id));
  }
}

// forgetAll is for another tenfour, which may give the same ids again.
export function forgetAll() {
  texts.clear();
  wanted = [];
}

async function fetched(id) {
  const answer = await fetch("/exchanges/" + encodeURIComponent(id), { headers: { Accept: "application/json" } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(reason(text) || `the console answered ${answer.status}`);
  return text;
}

// reason is why the console refused: it says so as JSON, or as text in a line.
export function reason(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return text.split("\n")[0].replace(/^\d{3}: /, "");
  }
}

// ahead fetches these exchanges, one after the other.
export async function ahead(ids) {
  wanted = ids.filter((id) => !texts.has(id));
  if (working) return;
  working = true;
  while (wanted.length > 0) {
    const id = wanted.shift();
    try {
      keep(id, await fetched(id));
    } catch {
      // It is gone, or the connection is; the reader is told if it is asked for.
    }
  }
  working = false;
}

function keep(id, text) {
  texts.delete(id);
  texts.set(id, text);
  while (texts.size > most) texts.delete(texts.keys().next().value);
}
