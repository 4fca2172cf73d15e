// The section Now: how much, how fast, and how it was answered, over the last 5 minutes, with what happened meanwhile.
import { Chart } from "./chart.js";
import { el, Keyed, say, setText } from "./dom.js";
import { age, clock, ms, rate } from "./format.js";

const windowMs = 5 * 60 * 1000;
const classes = ["2xx", "3xx", "4xx", "5xx", "none", "1xx"];
const twoLines = [{ key: "p50", label: "p50", kind: "p50" }, { key: "p99", label: "p99", kind: "p99" }];
const timed = (title, phase, name) => ({ title, phase, name, unit: ms, lines: twoLines });

const charts = [
  new Chart({ title: "Requests", name: "large", flagged: true, unit: rate, lines: [{ key: "requests", label: "now", kind: "requests" }] }),
  new Chart({ title: "Answers", name: "large", unit: rate, stacked: true, lines: classes.slice(0, 5).map((c) => ({ key: c, label: c, kind: "c" + c })) }),
  new Chart(timed("Time, total", "total", "large")),
  new Chart(timed("… request's body", "body")),
  new Chart(timed("… in the queue", "queue")),
  new Chart(timed("… to connect", "connect")),
  new Chart(timed("… first byte", "first_byte")),
  new Chart(timed("… response's body", "rest")),
];

const glyphs = { reload: "↻", down: "▼", up: "▲", drain: "■" };
let at = null; // the second that the pointer is on
let state = null;

const list = new Keyed(document.getElementById("marks"), (m) => m.time + m.text,
  (m) => el("li", { class: m.kind }, el("span", { class: "glyph", "aria-hidden": "true" }, glyphs[m.kind] || "•"), el("span", {}, m.text), " ", el("span", { class: "soft" })),
  (node, m) => setText(node.lastElementChild, `${age(state.since(m.time))} ago`));

export function start() {
  const parent = document.getElementById("charts");
  parent.append(...charts.map((chart) => chart.node));
  parent.addEventListener("pointermove", (event) => {
    const plot = event.target.closest(".plot");
    if (!plot || !state) return;
    const box = plot.getBoundingClientRect();
    at = Math.max(0, Math.min(299, Math.floor(((event.clientX - box.left) / box.width) * 300)));
    show(state);
  });
  parent.addEventListener("pointerleave", () => {
    at = null;
    if (state) show(state);
  });
}

export function show(s) {
  state = s;
  const { series, marks } = s.status;
  if (!series) return;
  const end = series.end;
  const moments = (marks || []).map((m) => ({ ...m, x: 1 - (end - Date.parse(m.time)) / windowMs }))
    .filter((m) => m.x >= 0).map((m) => ({ x: Math.min(1, m.x), kind: m.kind, text: `${glyphs[m.kind] || "•"} ${brief(m)}`, title: m.text }));
  for (const chart of charts) {
    chart.show(valuesOf(chart, series), at);
    chart.mark(moments);
  }
  setText(charts[0].node.querySelector(".axis").lastElementChild, at === null ? "now" : clock(end - (299 - at) * 1000));
  list.show((marks || []).toReversed());
}

function valuesOf(chart, series) {
  if (chart.phase) return { p50: (series.p50_ms || {})[chart.phase], p99: (series.p99_ms || {})[chart.phase] };
  if (chart.stacked) return series.answers || {};
  return { requests: series.requests };
}

// brief is a mark's text without its reason: "127.0.0.1:9001 is down: connection refused" is 127.0.0.1:9001.
function brief(m) {
  if (m.kind === "down" || m.kind === "up") return m.text.split(" ")[0];
  return { reload: "reloaded", drain: "drains" }[m.kind] || m.text;
}

// tell says aloud what has happened since.
export function tell(fresh) {
  if (fresh.length > 0) say(fresh.map((m) => m.text).join(". "));
}
