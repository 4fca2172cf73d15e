// How an exchange went: its connection in a sentence, its phases and its attempts on one line of time.
import { el, set } from "./dom.js";
import { count, ms } from "./format.js";
import { of } from "./phases.js";

const beaten = "another backend was first"; // the reason of an attempt that has lost a race (forward/race.go)
const known = (n) => n !== null && n !== undefined;

// connection is the story of the client's connection.
export function connection(x) {
  if (x.summary.job) return `Attempt ${x.summary.job.attempt} of job ${x.summary.job.id}, which tenfour has begun by itself: no client waits for its response.`;
  const { before, parked_ms: parked } = x.connection;
  const peer = x.client + (x.tls ? ", over TLS" : "");
  if (before === 0) return `A new connection from ${peer}.`;
  const wait = known(parked) ? `the connection was parked for ${ms(parked)} before it` : "its bytes were there already";
  return `Request ${before + 1} of a connection from ${peer}; ${wait}.`;
}

const rowsMost = 6; // attempts that have a row of their own; those between the first and the last ones are folded

// timeline has a row for the phases, and one for each attempt, with chosen as the one whose bytes are shown. choose(n) shows those of another.
export function timeline(x, chosen, choose) {
  const total = Math.max(x.summary.ms || 0, ...x.attempts.map((a) => a.ended_ms || a.began_ms || 0), 0.001);
  const rows = x.attempts.map((a, n) => attemptRow(a, n, total, x.summary));
  const buttons = rows.map((row) => row.querySelector("button"));
  buttons.forEach((button, n) => {
    set(button, "aria-pressed", String(n === chosen));
    button.addEventListener("click", () => {
      buttons.forEach((b) => set(b, "aria-pressed", String(b === button)));
      choose(n);
    });
  });
  return el("section", { class: "timeline", "aria-label": "Times" },
    el("ol", {}, phasesRow(x, total), ...folded(rows, x.attempts, total)),
    x.summary.attempts > rows.length ? el("p", { class: "soft" }, `It was tried ${count(x.summary.attempts)} times. The first ${count(rows.length)} are kept here.`) : "",
    el("p", { class: "axis", "aria-hidden": "true" }, el("span", {}, "0"), el("span", {}, ms(total))));
}

// folded has the rows between the first and the last ones in one that can be opened, with all of them on its line of time.
function folded(rows, attempts, total) {
  if (rows.length <= rowsMost) return rows;
  const from = 2;
  const to = rows.length - 2;
  const between = attempts.slice(from, to);
  const backends = new Set(between.map((a) => a.backend));
  const reasons = new Set(between.map((a) => a.reason || a.progress));
  const words = [`${count(between.length)} attempts between`, [...backends].slice(0, 3).join(", ") + (backends.size > 3 ? " …" : ""),
    `began from ${ms(between[0].began_ms)} to ${ms(between[between.length - 1].began_ms)}`, reasons.size === 1 ? [...reasons][0] : `${count(reasons.size)} outcomes`];
  const track = el("div", { class: "track", "aria-hidden": "true" }, ...between.map((a) => piece(a, total)));
  const fold = el("details", { class: "fold" }, el("summary", {}, words.join(" · ")), el("ol", {}, ...rows.slice(from, to)));
  return [...rows.slice(0, from), el("li", {}, track, fold), ...rows.slice(to)];
}

function phasesRow(x, total) {
  let from = 0;
  const words = [];
  const track = el("div", { class: "track", "aria-hidden": "true" });
  for (const p of of(x.summary)) {
    track.append(place(el("i", { class: p.kind, title: `${p.label} ${ms(p.time)}` }), from / total, p.time / total));
    words.push(el("span", { class: "phase" }, el("i", { class: "key " + p.kind }), `${p.label} ${ms(p.time)}`));
    from += p.time;
  }
  if (words.length === 0) words.push(x.summary.lasts ? "are known once it has ended" : "none took a time that can be measured");
  return el("li", {}, el("p", {}, el("b", {}, "phases "), ...words), track);
}

// piece is the part of a line of time that an attempt took.
function piece(a, total) {
  const end = known(a.ended_ms) ? a.ended_ms : total;
  return place(el("i", { class: "attempt " + outcome(a) }), a.began_ms / total, (end - a.began_ms) / total);
}

// outcome is "won", "lost" for an attempt that another one has beaten, "failed", or "open" for one that goes on.
function outcome(a) {
  if (a.won) return "won";
  if (!known(a.ended_ms)) return "open";
  return a.reason && a.reason !== beaten ? "failed" : "lost";
}

function attemptRow(a, n, total, summary) {
  const track = el("div", { class: "track", "aria-hidden": "true" }, piece(a, total));
  for (const [at, name] of [[a.sent_ms, "sent"], [a.first_byte_ms, "first byte"]]) {
    if (known(at)) track.append(place(el("b", { class: "tick", title: `${name} at ${ms(at)}` }), at / total, 0));
  }
  const button = el("button", { type: "button" }, `Attempt ${n + 1}`);
  return el("li", {}, el("p", {}, button, " ", story(a, summary)), track);
}

// story is an attempt in words.
function story(a, { job, lasts }) {
  const used = { new: "on a new connection", reused: `on a kept connection${a.idle_ms ? `, idle for ${ms(a.idle_ms)}` : ""}`, again: "sent again on a new connection, because the kept one had ended" };
  const parts = [`${a.backend}, ${used[a.connection] || "no connection"}`, `began at ${ms(a.began_ms)}`];
  if (known(a.sent_ms)) parts.push(`sent at ${ms(a.sent_ms)}`);
  if (known(a.first_byte_ms)) parts.push(`first byte at ${ms(a.first_byte_ms)}`);
  parts.push(known(a.ended_ms) ? `ended at ${ms(a.ended_ms)}` : lasts ? "it goes on" : "its end is not kept");
  parts.push(a.status ? `answered ${a.status}` : a.progress);
  if (a.reason) parts.push(a.reason);
  if (a.won) parts.push(job ? "the job has this response" : "the client got this response");
  return parts.join(" · ");
}

// place puts an element on its track: from and length are parts of the whole.
function place(node, from, length) {
  node.style.left = `${Math.max(0, Math.min(1, from)) * 100}%`;
  if (length > 0) node.style.width = `${Math.min(1, length) * 100}%`;
  return node;
}
