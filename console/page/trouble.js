// What an operator is to see at once: a backend that is down, one that is full and does not move, a queue that does not. It is one line in
// front of everything else, each part of which leads to its route.
import { el, Keyed, set, setText } from "./dom.js";
import { age, count, ms, plural } from "./format.js";

const list = document.getElementById("trouble");
const partsMost = 6;
const downMost = 2; // backends of a route that have a part each
const stuckAfter = 3; // seconds without the end of an exchange, all slots busy, after which a backend is told of
const slowAfter = 1000; // ms that the oldest request of a queue has waited, after which the queue is told of

// watched has, for each backend that has no free slot, how many exchanges it had ended, and since when there is no other one.
let watched = new Map();
let moment = 0;

const parts = new Keyed(list, (part) => part.key, (part) => el("li", {}, part.route === undefined ? el("span") : el("a", { href: "#" + laneId(part.route) })), (node, part) => {
  set(node, "class", part.kind);
  setText(node.firstElementChild, part.text);
});

export function start() {
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    const lane = document.getElementById(decodeURIComponent(link.getAttribute("href").slice(1)));
    if (!lane) return;
    lane.focus({ preventScroll: true });
    lane.scrollIntoView({ block: "center" });
  });
}

// laneId is the id of a route's part of the page.
export function laneId(route) {
  return "lane " + route;
}

// watch looks at which backends move. It comes before what shows them.
export function watch(state) {
  moment = Date.parse(state.status.time);
  const was = watched;
  watched = new Map();
  for (const b of state.status.backends || []) {
    const { busy = 0, reader = 0, free = 0 } = b.slots || {};
    if (busy + reader === 0 || free > 0) continue;
    const before = was.get(b.name);
    watched.set(b.name, before && before.requests === b.requests ? before : { requests: b.requests, since: moment });
  }
}

// stuckFor is for how many seconds a backend has had no free slot and ended no exchange; 0 for one that moves.
export function stuckFor(name) {
  const seen = watched.get(name);
  const seconds = seen ? (moment - seen.since) / 1000 : 0;
  return seconds >= stuckAfter ? seconds : 0;
}

// isSlow reports whether a queue does not move as it should.
export function isSlow(queue) {
  return !!queue && queue.waiting > 0 && queue.oldest_ms >= slowAfter;
}

function isDown(b, route, state) {
  return { key: "down " + b.name, kind: "down", route, text: `✗ ${b.name} is down` + (b.since ? " for " + age(state.since(b.since)) : "") };
}

export function show(state) {
  const { routes, backends } = state.status;
  const routeOf = (name) => ((routes || []).find((r) => (r.backends || []).includes(name)) || {}).name;
  const down = Map.groupBy((backends || []).filter((b) => b.up === false), (b) => routeOf(b.name));
  const stuck = (backends || []).filter((b) => b.up !== false && stuckFor(b.name) > 0);
  const slow = (routes || []).filter((r) => isSlow(r.queue));
  const found = [
    ...[...down].flatMap(([route, some]) => (some.length > downMost ? [{ key: "down of " + route, kind: "down", route, text: `✗ ${count(some.length)} backends of ${route} are down` }] : some.map((b) => isDown(b, route, state)))),
    ...stuck.map((b) => ({ key: "full " + b.name, kind: "full", route: routeOf(b.name), text: `■ ${b.name} is full: nothing has ended for ${age(stuckFor(b.name))}` })),
    ...slow.map((r) => ({ key: "waits " + r.name, kind: "full", route: r.name, text: `● ${r.name}: ${count(r.queue.waiting)} ${r.queue.waiting === 1 ? "waits" : "wait"}, the oldest for ${ms(r.queue.oldest_ms)}` })),
  ];
  if (found.length > partsMost) found.splice(partsMost - 1, found.length, { key: "more", kind: "full", text: `and ${count(found.length - partsMost + 1)} more, below` });
  const n = (backends || []).length;
  const well = { key: "well", kind: "well", text: n === 0 ? "There is no backend to look after." : n === 1 ? "✓ The backend is up, and no request waits long." : `✓ All ${plural(n, "backend")} are up, and no request waits long.` };
  parts.show(found.length > 0 ? found : [well]);
}
