// The wire view: one exchange as its bytes passed, on both sides of tenfour.
import { el, setText } from "./dom.js";
import { bytes, ms } from "./format.js";
import { changesOf, legend, pane } from "./panes.js";
import { connection, timeline } from "./story.js";

const dialog = document.getElementById("wire");
const start = "#exchange/";

export function begin() {
  addEventListener("hashchange", follow);
  dialog.addEventListener("close", () => {
    if (location.hash.startsWith(start)) history.replaceState(null, "", location.pathname);
    dialog.replaceChildren();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // the surface around it
  });
  follow();
}

// open shows the exchange with that id.
export function open(id) {
  location.hash = start + id;
}

async function follow() {
  if (!location.hash.startsWith(start)) {
    dialog.close();
    return;
  }
  const id = location.hash.slice(start.length);
  const title = el("h2", { id: "wire-name", tabindex: "-1", autofocus: true }, "Exchange " + id); // not the button: the Enter that opens would close
  const close = el("button", { type: "button", class: "close" }, "Close");
  close.addEventListener("click", () => dialog.close());
  const rest = el("div", { class: "wirebody" }, el("p", { class: "soft" }, "It is being fetched."));
  dialog.replaceChildren(el("header", {}, title, close), rest);
  if (!dialog.open) dialog.showModal();
  try {
    const answer = await fetch("/exchanges/" + encodeURIComponent(id), { headers: { Accept: "application/json" } });
    const known = await answer.json();
    if (!answer.ok) throw new Error(known.error || "it is not kept any more");
    fill(rest, title, known, id);
  } catch (err) {
    rest.replaceChildren(el("p", { class: "mark" }, `Exchange ${id} cannot be shown: ${err.message}.`));
  }
}

function fill(rest, title, known, id) {
  const x = known.exchange;
  const s = x.summary;
  setText(title, `${s.method || "?"} ${s.target} → ${s.status || "no answer yet"}`);
  const sides = el("div", { class: "sides" });
  const won = x.attempts.findIndex((a) => a.won);
  const choose = (n) => sides.replaceChildren(...panes(known, id, n));
  rest.replaceChildren(
    el("p", { class: "story" }, connection(x)),
    s.reason ? el("p", { class: "mark" }, s.reason) : "",
    timeline(x, won < 0 ? x.attempts.length - 1 : won, choose),
    again(known),
    legend(), sides, facts(x, id));
  choose(won < 0 ? x.attempts.length - 1 : won);
}

function facts(x, id) {
  const s = x.summary;
  const fact = (name, value) => [el("dt", {}, name), el("dd", {}, value)];
  return el("dl", { class: "wirefacts" },
    ...fact(s.job ? "exchange" : "request id", id), ...fact("began", s.began), ...fact("took", ms(s.ms) + (s.lasts ? " so far: it goes on" : "")), ...fact("route", s.route || "none"),
    ...fact(s.job ? "content for the job" : "content to the client", bytes(x.bytes)), ...(x.joined_to ? fact("its response came from", "exchange " + x.joined_to) : []));
}

// panes are what passed between the client and tenfour, and between tenfour and the backend of attempt n (-1 for none).
function panes(known, id, n) {
  const x = known.exchange;
  const peer = x.summary.job ? "job" : "client";
  const attempt = x.attempts[n];
  const backend = attempt ? attempt.backend : "";
  const reports = (part) => known.messages.filter((m) => m.part === part && (part.startsWith("client") || m.attempt === n)).map((m) => m.report);
  const raw = (part) => `/exchanges/${encodeURIComponent(id)}/raw?part=${part}` + (part.startsWith("client") ? "" : `&attempt=${n}`);
  const changes = (way) => ((known.changes[way] || []).find((c) => c.attempt === n) || { list: [] }).list;
  return [
    pane("client-in", peer + " → tenfour", x.summary.job ? "The request as the job has it" : "The request as it came", x.client_in, reports("client-in"), raw("client-in"), x.client_chunk_in),
    pane("backend-out", `tenfour → ${backend || "backend"}`, "The request as it went on", attempt ? attempt.out : [], reports("backend-out"), raw("backend-out"), attempt && attempt.chunk_out),
    changesOf("What tenfour did to the request", changes("request"), attempt && attempt.out && attempt.out.length > 0),
    pane("backend-in", `tenfour ← ${backend || "backend"}`, "The response as it came", attempt ? attempt.in : [], reports("backend-in"), raw("backend-in"), attempt && attempt.chunk_in),
    pane("client-out", peer + " ← tenfour", x.summary.job ? "The response as the job's record has it" : "The response as the client got it", x.client_out, reports("client-out"), raw("client-out"), x.client_chunk_out),
    changesOf("What tenfour did to the response", changes("response"), attempt && attempt.in && attempt.in.length > 0),
  ];
}

// again is the command that sends the same request.
function again(known) {
  if (!known.curl) return "";
  const copy = el("button", { type: "button" }, "Copy as curl");
  const text = el("code", { tabindex: "0" }, known.curl);
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(known.curl);
      setText(copy, "Copied");
    } catch {
      getSelection().selectAllChildren(text); // without leave to use the clipboard
      setText(copy, "Selected: now copy it");
    }
  });
  return el("p", { class: "curl" }, copy, " ", text);
}
