// The section Backends: for each route its queue, and after it the backends with their slots. So a stuck backend is one row that is full,
// while the others flow.
import { el, Keyed, set, setText, svg } from "./dom.js";
import { age, count, ms, plural, short } from "./format.js";
import { isSlow, laneId, stuckFor } from "./trouble.js";

const dotsMost = 14; // requests of a queue that are drawn; the words say how many there are
const cellsMost = 256; // slots that are drawn
const sizesMost = 150; // of a backend that finds its size by itself, as many as were seen since the page was opened
const namesMost = 2; // other routes of a backend that are named
const sizes = new Map();
const parent = document.getElementById("lanes");
const none = document.getElementById("nolanes");
let state = null;

const lanes = new Keyed(parent, (lane) => lane.name, makeLane, showLane);

export function show(s) {
  state = s;
  const routes = s.status.routes || [];
  const named = new Map((s.status.backends || []).map((b) => [b.name, b]));
  for (const b of named.values()) if (b.auto) remember(b);
  const others = routesOf(routes);
  lanes.show(routes.map((route) => ({
    ...route,
    rows: (route.backends || []).map((name) => ({ ...named.get(name), name, others: others.get(name).filter((other) => other !== route.name) })),
  })));
  parent.classList.toggle("many", routes.length > 3);
  setText(none, routes.length > 0 ? "" : "There is no route.");
}

// forget is for another tenfour: its sizes begin anew.
export function forget() {
  sizes.clear();
}

// routesOf has the routes of each backend.
function routesOf(routes) {
  const found = new Map();
  for (const route of routes) {
    for (const name of route.backends || []) found.set(name, [...(found.get(name) || []), route.name]);
  }
  return found;
}

function remember(b) {
  const seen = sizes.get(b.name) || [];
  seen.push(b.workers);
  sizes.set(b.name, seen.slice(-sizesMost));
}

function makeLane(lane) {
  const rows = el("ul", { class: "backends" });
  const node = el("article", { class: "lane", id: laneId(lane.name), tabindex: "-1", "aria-label": "Route " + lane.name },
    el("header", {}, el("h3", {}, el("span", { class: "soft" }, "route "), lane.name), el("p", { class: "figures soft" })),
    el("div", { class: "feed" },
      el("div", { class: "queue" }, el("h4", {}, "Queue"), el("div", { class: "dots", role: "img" }), el("p", { class: "waiting" }), el("p", { class: "soft background" })),
      rows));
  node.rows = new Keyed(rows, (b) => b.name, makeBackend, showBackend);
  return node;
}

function showLane(node, lane) {
  const total = (lane.latency_ms || {}).total || {};
  setText(node.querySelector(".figures"), [plural(lane.requests, "request"), "p50\u00a0" + ms(total.p50), "p99\u00a0" + ms(total.p99), ...own(lane)].join(" · "));
  showQueue(node, lane.queue || {});
  const background = (lane.background || {}).waiting;
  setText(node.querySelector(".background"), background ? `and ${plural(background, "job")} of the background` : "");
  if (lane.rows.length === 0 && !node.rows.parent.childElementCount) node.rows.parent.append(el("li", { class: "soft" }, "No backend: tenfour answers by itself."));
  if (lane.rows.length > 0) node.rows.show(lane.rows);
  node.classList.toggle("wide", lane.rows.length > 6);
  node.classList.toggle("hasdown", lane.rows.some((b) => b.up === false));
  node.classList.toggle("waits", isSlow(lane.queue) || lane.rows.some((b) => stuckFor(b.name) > 0));
}

// own says what tenfour answered by itself because it could not help, the most frequent first.
function own(lane) {
  const counts = Object.entries(lane.own || {}).filter(([status]) => status >= 400).sort((a, b) => b[1] - a[1]).slice(0, 3);
  const parts = counts.length ? ["of tenfour's own " + counts.map(([status, n]) => `${short(n)} × ${status}`).join(", ")] : [];
  return lane.cut > 0 ? [...parts, `${short(lane.cut)} cut`] : parts;
}

function showQueue(node, queue) {
  const waiting = queue.waiting || 0;
  const dots = node.querySelector(".dots");
  setCells(dots, Math.min(waiting, dotsMost), () => "dot");
  set(dots, "aria-label", `${plural(waiting, "request")} in the queue`);
  const text = waiting === 0 ? `empty, with room for ${count(queue.most)}` : `${count(waiting)} of ${count(queue.most)} ${waiting === 1 ? "waits" : "wait"}, the oldest for ${ms(queue.oldest_ms)}`;
  setText(node.querySelector(".waiting"), text + (queue.held ? "; held: no backend is up" : ""));
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
    el("h4", { class: "name" }), el("p", { class: "judgement" }, el("span"), el("b", { class: "full" })),
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
  setText(part("measured"), `first byte p50\u00a0${ms(latency.p50)}, p99\u00a0${ms(latency.p99)}`);
  setText(part("outcomes"), outcomes(b));
}

function showJudgement(node, b) {
  const [words, full] = node.children;
  const since = b.since ? " for " + age(state.since(b.since)) : " since the start";
  const tries = b.trying ? ", a request tries it" : b.next_try_ms >= 100 ? `, next try in ${ms(b.next_try_ms)}` : "";
  set(node, "class", "judgement " + (b.up ? "isup" : "isdown"));
  setText(words, b.up === undefined ? "not known" : b.up ? `✓ up${since}` : `✗ down${since}${b.why ? ": " + b.why : ""}${tries}`);
  const stuck = stuckFor(b.name);
  setText(full, stuck > 0 ? ` full: no exchange has ended for ${age(stuck)}` : "");
}

// order is that of the cells of a row: what is busy comes first, so that a row fills from its left.
const order = ["busy", "reader", "free", "down"];

function showSlots(node, b) {
  const slots = b.slots || {};
  const kinds = order.flatMap((kind) => new Array(slots[kind] || 0).fill(kind)).slice(0, cellsMost);
  setCells(node, kinds.length, (i) => "slot " + kinds[i]);
  node.classList.toggle("small", kinds.length > 16);
  const words = { busy: "busy", reader: "held by a reader", free: "free", down: "down" };
  set(node, "aria-label", `${plural(b.workers || 0, "slot")}: ` + order.filter((kind) => slots[kind]).map((kind) => `${slots[kind]} ${words[kind]}`).join(", "));
}

function showSize(node, b) {
  const parts = [];
  const seen = b.auto ? sizes.get(b.name) : [];
  if (b.auto) parts.push(`auto: ${plural(b.workers, "slot")} of at most ${count(b.max)}`);
  if (b.streams > 0) parts.push(`${plural(b.streams, "stream")} beside the slots`);
  if (b.others.length > 0) parts.push("also of " + (b.others.length <= namesMost ? b.others.join(", ") : plural(b.others.length, "other route")));
  set(node.querySelector("path"), "d", seen.map((n, i) => `${i ? "L" : "M"}${sizesMost - seen.length + i} ${20 - (19 * n) / (b.max || n)}h1`).join(""));
  node.classList.toggle("auto", seen.length > 0);
  setText(node.lastElementChild, parts.join(" · "));
  node.hidden = parts.length === 0;
}

const failures = { connect: "not reached", timeout: "too late", cut: "cut", malformed: "malformed", given_up: "given up" };

// outcomes says how its exchanges ended; what never happened is left out. A response of 5xx is an answer, and no good one.
function outcomes(b) {
  const o = b.outcomes || {};
  const wrong = (b.answers || {})["5xx"] || 0;
  const bad = Object.keys(o).filter((kind) => kind !== "ok" && o[kind] > 0).map((kind) => `${short(o[kind])} ${failures[kind] || kind}`);
  return [`${short(o.ok || 0)} answered`, ...(wrong > 0 ? [`${short(wrong)} of them 5xx`] : []), ...bad].join(", ");
}
