// The section Backends: for each route its queue, and in front of it its backends with their slots. So a stuck backend is one row that
// is full, while the others flow.
import { el, Keyed, set, setText, svg } from "./dom.js";
import { age, count, ms, plural, short } from "./format.js";

const dotsMost = 24; // requests of a queue that are drawn; the others are a number
const cellsMost = 256; // slots that are drawn
const sizesMost = 150; // of a backend that finds its size by itself, as many as were seen since the page was opened
const sizes = new Map();
let state = null;

const lanes = new Keyed(document.getElementById("lanes"), (lane) => lane.name, makeLane, showLane);

export function show(s) {
  state = s;
  const { routes, backends } = s.status;
  const named = new Map((backends || []).map((b) => [b.name, b]));
  for (const b of named.values()) if (b.auto) remember(b);
  lanes.show((routes || []).map((route) => ({
    ...route,
    rows: (route.backends || []).map((name) => ({ ...named.get(name), name, others: (routes || []).filter((r) => r.name !== route.name && r.backends.includes(name)).map((r) => r.name) })),
  })));
}

function remember(b) {
  const seen = sizes.get(b.name) || [];
  seen.push(b.workers);
  sizes.set(b.name, seen.slice(-sizesMost));
}

function makeLane(lane) {
  const rows = el("ul", { class: "backends" });
  const node = el("article", { class: "lane", "aria-label": "Route " + lane.name },
    el("header", {}, el("h3", {}, el("span", { class: "soft" }, "route "), lane.name), el("p", { class: "figures soft" })),
    el("div", { class: "queue" }, el("h4", {}, "Queue"), el("div", { class: "dots", role: "img" }), el("p", { class: "waiting" }), el("p", { class: "soft background" })),
    rows);
  node.rows = new Keyed(rows, (b) => b.name, makeBackend, showBackend);
  return node;
}

function showLane(node, lane) {
  const total = (lane.latency_ms || {}).total || {};
  setText(node.querySelector(".figures"), `${plural(lane.requests, "request")} · p50 ${ms(total.p50)} · p99 ${ms(total.p99)}`);
  showQueue(node, lane.queue || {});
  const background = (lane.background || {}).waiting;
  setText(node.querySelector(".background"), background ? `${plural(background, "job")} of the background` : "");
  node.rows.show(lane.rows);
}

function showQueue(node, queue) {
  const waiting = queue.waiting || 0;
  const dots = node.querySelector(".dots");
  setCells(dots, Math.min(waiting, dotsMost), () => "dot");
  set(dots, "aria-label", `${plural(waiting, "request")} in the queue`);
  const text = waiting === 0 ? `empty, with room for ${count(queue.most)}` : `${count(waiting)} of ${count(queue.most)} ${waiting === 1 ? "waits" : "wait"}, the oldest for ${ms(queue.oldest_ms)}`;
  setText(node.querySelector(".waiting"), text + (queue.held ? "; held: no backend is up" : ""));
  node.classList.toggle("waits", waiting > 0);
}

// setCells has n children of the element, each with the class of its place.
function setCells(parent, n, kind) {
  while (parent.childElementCount > n) parent.lastElementChild.remove();
  while (parent.childElementCount < n) parent.append(el("i"));
  [...parent.children].forEach((cell, i) => set(cell, "class", kind(i)));
}

function makeBackend() {
  const size = svg("svg", { class: "sizes", viewBox: `0 0 ${sizesMost} 20`, preserveAspectRatio: "none", "aria-hidden": "true" }, svg("path"));
  return el("li", { class: "backend" },
    el("h4", { class: "name" }), el("p", { class: "judgement" }),
    el("div", { class: "slots", role: "img" }), el("p", { class: "size soft" }, size, el("span")),
    el("p", { class: "measured" }), el("p", { class: "outcomes soft" }));
}

function showBackend(node, b) {
  const part = (name) => node.querySelector("." + name);
  setText(part("name"), b.name);
  showJudgement(part("judgement"), b);
  showSlots(part("slots"), b);
  showSize(part("size"), b);
  const latency = (b.latency_ms || {}).first_byte || {};
  setText(part("measured"), `first byte p50 ${ms(latency.p50)}, p99 ${ms(latency.p99)}`);
  setText(part("outcomes"), outcomes(b));
}

function showJudgement(node, b) {
  const since = b.since ? " for " + age(state.since(b.since)) : " since the start";
  const tries = b.trying ? ", a request tries it" : b.next_try_ms > 0 ? `, next try in ${ms(b.next_try_ms)}` : "";
  set(node, "class", "judgement " + (b.up ? "isup" : "isdown"));
  setText(node, b.up ? `✓ up${since}` : `✗ down${since}${b.why ? ": " + b.why : ""}${tries}`);
}

// order is that of the cells of a row: what is busy comes first, so that a row fills from its left.
const order = ["busy", "reader", "free", "down"];

function showSlots(node, b) {
  const slots = b.slots || {};
  const kinds = order.flatMap((kind) => new Array(slots[kind] || 0).fill(kind)).slice(0, cellsMost);
  setCells(node, kinds.length, (i) => "slot " + kinds[i]);
  node.classList.toggle("small", kinds.length > 32);
  const words = { busy: "busy", reader: "held by a reader", free: "free", down: "down" };
  set(node, "aria-label", `${plural(b.workers || 0, "slot")}: ` + order.filter((kind) => slots[kind]).map((kind) => `${slots[kind]} ${words[kind]}`).join(", "));
}

function showSize(node, b) {
  const parts = [];
  const seen = b.auto ? sizes.get(b.name) : [];
  if (b.auto) parts.push(`auto: ${plural(b.workers, "slot")} of at most ${count(b.max)}`);
  if (b.streams > 0) parts.push(`${plural(b.streams, "stream")} beside the slots`);
  if (b.others.length > 0) parts.push(`also of ${b.others.join(", ")}`);
  set(node.querySelector("path"), "d", seen.map((n, i) => `${i ? "L" : "M"}${sizesMost - seen.length + i} ${20 - (19 * n) / (b.max || n)}h1`).join(""));
  node.classList.toggle("auto", seen.length > 0);
  setText(node.lastElementChild, parts.join(" · "));
  node.hidden = parts.length === 0;
}

const failures = { connect: "not reached", timeout: "too late", cut: "cut", malformed: "malformed", given_up: "given up" };

// outcomes says how its exchanges ended; what never happened is left out.
function outcomes(b) {
  const o = b.outcomes || {};
  const bad = Object.keys(o).filter((kind) => kind !== "ok" && o[kind] > 0).map((kind) => `${short(o[kind])} ${failures[kind] || kind}`);
  return [`${short(o.ok || 0)} answered`, ...bad].join(", ");
}
