// Actions carry the token of the page. Each start of tenfour has another one, so a page that has stayed open asks for it anew.
import { reason } from "./known.js";

let token = document.querySelector("meta[name=token]").content;

// post does an action and returns the answer as JSON. It throws an error that says in words why the action was refused.
export async function post(path) {
  let answer = await send(path);
  if (answer.status === 403 && await renew()) answer = await send(path);
  const text = await answer.text();
  if (!answer.ok) throw new Error(answer.status === 401 ? "the console asks for its token: load the page again, and log in" : reason(text) || `the console answered ${answer.status}`);
  return JSON.parse(text);
}

async function send(path) {
  try {
    return await fetch(path, { method: "POST", headers: { "X-Tenfour-Token": token, Accept: "application/json" } });
  } catch {
    throw new Error("there is no connection to tenfour");
  }
}

// renew takes the token of the page as it is now. It reports whether that is another one.
async function renew() {
  const was = token;
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  token = page.querySelector("meta[name=token]")?.content || was;
  return token !== was;
}
