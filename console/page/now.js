// The section Now: how much, how fast, and how it was answered, over the last 5 minutes, with what happened meanwhile.
import { Chart } from "./chart.js";
import { el, Keyed, say, setText } from "./dom.js";
import { age, clock, ms, rate } from "./format.js";
import { grouped } from "./marks.js";

const windowMs = 5 * 60 * 1000;
const classes = ["2xx", "3xx", "4xx", "5xx", "none", "1xx"];
const twoLines = [{ key: "p50", label: "p50", kind: "p50" }, { key: "p99", label: "p99", kind: "p99" }];
const timed = (title, phase, name) => ({ title, phase, name, unit: ms, lines: twoLines });

const charts = [
  new Chart({ title: "Requests", name: "large", flagged: true, unit: rate, lines: [{ key: "requests", label: "now", kind: "requests" }] }),
  new Chart({ title: "Answers", name: "large", unit: rate, stacked: true, lines: classes.slice(0, 5).map((c) => ({ key: c, label: c, kind: "c" + c })) }),
  new Chart(timed("Time, total", "total", "large")),
  new Chart(timed("Request body", "body")),
  new Chart(timed("Queue", "queue")),
  new Chart(timed("Connect", "connect")),
  new Chart(timed("First byte", "first_byte")),
  new Chart(timed("Response body", "rest")),
];

let at = null; // the second that is read
let state = null;

const list = new Keyed(document.getElementById("marks"), (m) => m.key,
  (m) => el("li", { class: m.kind }, el("span", { class: "glyph", "aria-hidden": "true" }, m.glyph), el("span"), " ", el("span", { class: "soft" })),
  (node, m) => {
    setText(node.children[1], m.words);
    setText(node.lastElementChild, `${m.often ? "the last " : ""}${age(state.since(m.time))} ago`);
  });
const nothing = document.getElementById("nomarks");

export function start() {
  const parent = document.getElementById("charts");
  parent.append(...charts.map((chart) => chart.node));
  parent.addEventListener("pointermove", (event) => {
    const plot = event.target.closest(".plot");
    if (!plot || !state) return;
    const box = plot.getBoundingClientRect();
    read(Math.max(0, Math.min(299, Math.floor(((event.clientX - box.left) / box.width) * 300))));
  });
  parent.addEventListener("pointerleave", () => read(null));
  parent.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -30, PageDown: 30, Home: -300, End: 300 }[event.key];
    if (!state || !state.status.series || (!step && event.key !== "Escape")) return;
    event.preventDefault();
    read(step ? Math.max(0, Math.min(299, (at ?? 299) + step)) : null);
    say(at === null ? "The charts show the present." : words());
  });
}

// read has all charts show the values of one second.
function read(second) {
  at = second;
  if (state) show(state);
}

// words are the values of that second, as they are said aloud.
function words() {
  const series = state.status.series;
  const parts = charts.map((chart) => ({ chart, values: valuesOf(chart, series) }))
    .map(({ chart, values }) => [chart, chart.lines.map((line) => [line, (values[line.key] || [])[at]]).filter(([, v]) => v > 0)])
    .filter(([, known]) => known.length > 0)
    .map(([chart, known]) => `${chart.title}: ${known.map(([line, v]) => `${chart.lines.length > 1 ? line.label + " " : ""}${chart.unit(v)}`).join(", ")}`);
  return `${clock(series.end - (299 - at) * 1000)}. ${parts.join(". ") || "Nothing."}`;
}

export function show(s) {
  state = s;
  const { series, marks } = s.status;
  const told = grouped(marks || []);
  list.show(told);
  setText(nothing, told.length > 0 ? "" : "No reload, and no backend that went down or came up.");
  if (!series) return;
  const end = series.end;
  const moments = told.flatMap((m) => m.moments.map(({ at: when, kind }, i) => ({ ...m, kind, x: 1 - (end - when) / windowMs, flagged: i === 0 })))
    .filter((m) => m.x >= 0).map((m) => ({ ...m, x: Math.min(1, m.x) }));
  for (const chart of charts) {
    chart.show(valuesOf(chart, series), at);
    chart.mark(moments);
  }
  setText(charts[0].node.querySelector(".axis").lastElementChild, at === null ? "now" : clock(end - (299 - at) * 1000));
}

function valuesOf(chart, series) {
  if (chart.phase) return { p50: (series.p50_ms || {})[chart.phase], p99: (series.p99_ms || {})[chart.phase] };
  if (chart.stacked) return series.answers || {};
  return { requests: series.requests };
}

// tell says aloud what has happened since.
export function tell(fresh) {
  if (fresh.length > 0) say(fresh.map((m) => m.text).join(". "));
}
