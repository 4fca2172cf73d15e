// How an exchange went: its connection in a sentence, its phases and its attempts on one line of time.
import { el, set } from "./dom.js";
import { ms } from "./format.js";
import { phases } from "./phases.js";

// connection is the story of the client's connection.
export function connection(x) {
  if (x.summary.job) return `Attempt ${x.summary.job.attempt} of job ${x.summary.job.id}, which tenfour has begun by itself: no client waits for its response.`;
  const { before, parked_ms: parked } = x.connection;
  const peer = x.client + (x.tls ? ", over TLS" : "");
  if (before === 0) return `A new connection from ${peer}.`;
  const wait = parked === null || parked === undefined ? "its bytes were there already" : `the connection was parked for ${ms(parked)} before it`;
  return `Request ${before + 1} of a connection from ${peer}; ${wait}.`;
}

// timeline has a row for the phases, and one for each attempt, with chosen as the one whose bytes are shown. choose(n) shows those of another.
export function timeline(x, chosen, choose) {
  const total = Math.max(x.summary.ms || 0, ...x.attempts.map((a) => a.ended_ms || a.began_ms || 0), 0.01);
  const rows = x.attempts.map((a, n) => attemptRow(a, n, total, !!x.summary.job));
  const buttons = rows.map((row) => row.querySelector("button"));
  buttons.forEach((button, n) => {
    set(button, "aria-pressed", String(n === chosen));
    button.addEventListener("click", () => {
      buttons.forEach((b) => set(b, "aria-pressed", String(b === button)));
      choose(n);
    });
  });
  return el("section", { class: "timeline", "aria-label": "Times" },
    el("ol", {}, phasesRow(x, total), ...rows),
    el("p", { class: "axis", "aria-hidden": "true" }, el("span", {}, "0"), el("span", {}, ms(total))));
}

function phasesRow(x, total) {
  let from = 0;
  const words = [];
  const track = el("div", { class: "track", "aria-hidden": "true" });
  for (const p of phases) {
    const time = (x.summary.phases_ms || {})[p.key];
    if (!(time > 0)) continue;
    track.append(place(el("i", { class: p.kind, title: `${p.label} ${ms(time)}` }), from / total, time / total));
    words.push(el("span", { class: "phase" }, el("i", { class: "key " + p.kind }), `${p.label} ${ms(time)}`));
    from += time;
  }
  return el("li", {}, el("p", {}, el("b", {}, "phases "), ...words), track);
}

function attemptRow(a, n, total, ofJob) {
  const end = a.ended_ms === null || a.ended_ms === undefined ? total : a.ended_ms;
  const track = el("div", { class: "track", "aria-hidden": "true" },
    place(el("i", { class: "attempt " + (a.won ? "won" : a.reason ? "failed" : "lost") }), a.began_ms / total, (end - a.began_ms) / total));
  for (const [at, name] of [[a.sent_ms, "sent"], [a.first_byte_ms, "first byte"]]) {
    if (at !== null && at !== undefined) track.append(place(el("b", { class: "tick", title: `${name} at ${ms(at)}` }), at / total, 0));
  }
  const button = el("button", { type: "button" }, `Attempt ${n + 1}`);
  return el("li", {}, el("p", {}, button, " ", story(a, ofJob)), track);
}

// story is an attempt in words.
function story(a, ofJob) {
  const used = { new: "on a new connection", reused: `on a kept connection${a.idle_ms ? `, idle for ${ms(a.idle_ms)}` : ""}`, again: "sent again on a new connection, because the kept one had ended" };
  const parts = [`${a.backend}, ${used[a.connection] || "no connection"}`, `began at ${ms(a.began_ms)}`];
  if (a.sent_ms !== null && a.sent_ms !== undefined) parts.push(`sent at ${ms(a.sent_ms)}`);
  if (a.first_byte_ms !== null && a.first_byte_ms !== undefined) parts.push(`first byte at ${ms(a.first_byte_ms)}`);
  parts.push(a.ended_ms === null || a.ended_ms === undefined ? "it goes on" : `ended at ${ms(a.ended_ms)}`);
  parts.push(a.status ? `answered ${a.status}` : a.progress);
  if (a.reason) parts.push(a.reason);
  if (a.won) parts.push(ofJob ? "the job has this response" : "the client got this response");
  return parts.join(" · ");
}

// place puts an element on its track: from and length are parts of the whole.
function place(node, from, length) {
  node.style.left = `${Math.max(0, Math.min(1, from)) * 100}%`;
  if (length > 0) node.style.width = `${Math.min(1, length) * 100}%`;
  return node;
}
