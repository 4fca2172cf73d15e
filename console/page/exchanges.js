// The section Exchanges: the last ones, newest first. While the pointer or the keyboard is on a row, the rows stay where they are.
// Under load all of them are others each second, so only those that a reader can see have a row: more come as one scrolls down.
import { el, Keyed, set, setText } from "./dom.js";
import { age, ms, plural } from "./format.js";
import { ahead } from "./known.js";
import { bar, phases } from "./phases.js";

const form = document.getElementById("filter");
const table = document.getElementById("rows");
const around = table.parentElement;
const body = table.tBodies[0];
const hold = document.getElementById("hold");
const newer = document.getElementById("newer");
const none = document.getElementById("none");

const rowsAtOnce = 30; // the window has room for half of them

let state = null;
let limit = rowsAtOnce; // rows that are drawn
let shown = []; // the exchanges of the rows
let held = false;
let touched = false; // the pointer or the focus is on a row

const rows = new Keyed(body, (x) => x.id, make, update);

export function start(open) {
  document.getElementById("phases").append(...[...phases, { kind: "unanswered", label: "no answer of a backend" }].map((p) => el("li", {}, el("i", { class: "key " + p.kind }), p.label)));
  form.addEventListener("input", refresh);
  form.addEventListener("submit", (event) => event.preventDefault());
  hold.addEventListener("click", () => {
    held = !held;
    set(hold, "aria-pressed", String(held));
    if (held) ahead(inSight());
    refresh();
  });
  const touch = (on) => () => {
    if (on && !touched) ahead(inSight());
    touched = on;
    if (!on) refresh();
  };
  around.addEventListener("scroll", () => {
    const more = around.scrollTop + around.clientHeight > around.scrollHeight - around.clientHeight;
    if (!more || limit > shown.length) return;
    limit += rowsAtOnce;
    draw();
  });
  body.addEventListener("pointerenter", touch(true));
  body.addEventListener("pointerleave", touch(false));
  body.addEventListener("focusin", touch(true));
  body.addEventListener("focusout", touch(false));
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(idOf(row));
  });
}

// inSight are the ids of the rows that can be seen. Under load they are soon kept no more, and the reader may want one of them.
function inSight() {
  const { top, bottom } = around.getBoundingClientRect();
  return [...body.rows].filter((row) => {
    const box = row.getBoundingClientRect();
    return box.bottom > Math.max(top, 0) && box.top < Math.min(bottom, innerHeight);
  }).map(idOf);
}

function idOf(row) {
  return row.id.slice(2);
}

export function show(s) {
  state = s;
  const all = s.status.exchanges || [];
  if (held || touched) {
    const ids = new Set(shown.map((x) => x.id));
    const waiting = all.filter((x) => !ids.has(x.id)).length;
    setText(newer, waiting > 0 ? `${waiting} newer` : "");
    for (const [, node] of rows.nodes) updateAge(node);
    return;
  }
  setText(newer, "");
  shown = all;
  if (around.scrollTop === 0) limit = rowsAtOnce;
  draw();
}

// refresh draws anew because the reader has asked for something else.
function refresh() {
  if (!state) return;
  if (held || touched) draw();
  else show(state);
}

function draw() {
  const kept = form.elements.kept.value;
  const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = shown.filter((x) => (kept === "" || x.kept === kept) && matches(x, words));
  rows.show(found.slice(0, limit));
  around.hidden = found.length === 0;
  setText(none, shown.length === 0 ? "No request yet. Try: curl " + firstListener() : found.length === 0 ? "None of " + plural(shown.length, "exchange") + " is like that." : "");
}

function firstListener() {
  const address = (state.status.listeners || []).find((l) => l.startsWith("http"));
  return address ? address + (address.endsWith("/") ? "" : "/") : "http://127.0.0.1:8000/";
}

function matches(x, words) {
  const text = [x.method, x.target, x.status, x.backend, x.route, x.reason, x.id, jobOf(x)].join(" ").toLowerCase();
  return words.every((w) => text.includes(w));
}

// jobOf says which attempt of which job an exchange is; "" for a request of a client.
function jobOf(x) {
  return x.job ? `job ${x.job.id}, attempt ${x.job.attempt}` : "";
}

function make(x) {
  const link = el("a", { href: "/exchanges/" + x.id }, el("b", {}, x.method || "?"), " " + (x.target || "a head that could not be read"));
  const status = el("td", { class: "status c" + Math.floor((x.status || 0) / 100) }, x.status ? String(x.status) : "…");
  const row = el("tr", { id: "x-" + x.id, class: x.kept }, el("td", { class: "ago soft" }), status, el("td", { class: "request" }, link, x.job ? el("span", { class: "soft" }, " " + jobOf(x)) : null, x.reason ? el("span", { class: "reason" }, x.reason) : null),
    el("td", { class: "to" }, x.backend || "–", x.attempts > 1 ? el("span", { class: "soft" }, ` ${x.attempts} attempts`) : null),
    el("td", { class: "number" }, ms(x.ms)), el("td", { class: "wide" }, bar(x)));
  row.began = x.began;
  return row;
}

function update(row) {
  updateAge(row);
}

function updateAge(row) {
  setText(row.firstElementChild, age(state.since(row.began)));
}
