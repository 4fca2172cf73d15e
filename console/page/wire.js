// The wire view: one exchange as its bytes passed, on both sides of tenfour.
import { el, setText } from "./dom.js";
import { bytes, ms } from "./format.js";
import { known as fetched } from "./known.js";
import { changesOf, legend, pane } from "./panes.js";
import { connection, timeline } from "./story.js";

const dialog = document.getElementById("wire");
const start = "#exchange/";
let shown = ""; // the id of the exchange

export function begin() {
  addEventListener("hashchange", follow);
  dialog.addEventListener("close", () => {
    if (dialog.open) return; // it shows another one already
    if (location.hash === start + shown) history.replaceState(null, "", location.pathname);
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
  shown = id;
  const title = el("h2", { id: "wire-name", tabindex: "-1", autofocus: true }, "Exchange " + id); // not the button: the Enter that opens would close
  const close = el("button", { type: "button", class: "close" }, "Close");
  close.addEventListener("click", () => dialog.close());
  const rest = el("div", { class: "wirebody" }, el("p", { class: "soft" }, "It is being fetched."));
  dialog.replaceChildren(el("header", {}, title, close), rest);
  if (!dialog.open) dialog.showModal();
  try {
    const known = await fetched(id);
    if (rest.isConnected) fill(rest, title, known, id);
  } catch (err) {
    rest.replaceChildren(el("p", { class: "mark" }, `Exchange ${id} cannot be shown: ${err.message}.`));
  }
}

function fill(rest, title, known, id) {
  const x = known.exchange;
  const s = x.summary;
  setText(title, `${s.method ? s.method + " " + s.target : "A head that could not be read"} → ${s.status || "no answer yet"}`);
  const sides = el("div", { class: "sides" });
  const won = x.attempts.findIndex((a) => a.won);
  sides.classList.toggle("alone", x.attempts.length === 0);
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
  const name = (part) => `${id.replaceAll(/[^0-9A-Za-z-]/g, "_")}-${part}.${part.startsWith("client") ? 0 : n}.http`;
  const reports = (part) => known.messages.filter((m) => m.part === part && (part.startsWith("client") || m.attempt === n)).map((m) => m.report);
  const side = (part, way, title, heads, chunk) => pane(part, way, title, heads, reports(part), name(part), chunk);
  const { job } = x.summary;
  const peer = job ? "job" : "client";
  const came = side("client-in", peer + " → tenfour", job ? "The request as the job has it" : "The request as it came", x.client_in, x.client_chunk_in);
  const got = side("client-out", peer + " ← tenfour", job ? "The response as the job's record has it" : "The response as the client got it", x.client_out, x.client_chunk_out);
  const attempt = x.attempts[n];
  if (!attempt) return [came, got, el("p", { class: "changes empty" }, x.joined_to ? "It went to no backend: it got the response of another exchange." : "It went to no backend: tenfour answered by itself.")];
  const changes = (way) => (known.changes[way] || []).find((c) => c.attempt === n)?.list;
  return [
    came,
    side("backend-out", `tenfour → ${attempt.backend}`, "The request as it went on", attempt.out, attempt.chunk_out),
    changesOf("What tenfour did to the request", changes("request")),
    side("backend-in", `tenfour ← ${attempt.backend}`, "The response as it came", attempt.in, attempt.chunk_in),
    got,
    changesOf("What tenfour did to the response", changes("response"), attempt.in?.length > 0 && x.client_out?.length > 0 ? `The ${peer} got another response.` : undefined),
  ];
}

// again is the command that sends the same request.
function again(known) {
  if (!known.curl) return "";
  const report = known.messages.find((m) => m.part === "client-in")?.report;
  const body = (report?.runs || []).some((r) => r.kind === "name" && /^(content-length|transfer-encoding)$/i.test(report.bytes.slice(r.from, r.to)));
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
  return el("p", { class: "curl" }, copy, " ", text, body ? el("span", { class: "soft" }, "without its body, which is not kept") : "");
}
