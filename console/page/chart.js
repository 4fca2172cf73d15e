// One small chart: lines, or areas on top of each other, over the last 5 minutes; the newest second is at the right.
import { el, set, setText, svg } from "./dom.js";

const width = 300; // of the drawing: one for each second
const height = 100;

export class Chart {
  // spec: title; unit(n) is a value as text; lines: [{key, label, kind}]; stacked: the lines are areas on top of each other.
  constructor(spec) {
    Object.assign(this, spec);
    this.drawn = "";
    this.top = el("span", { class: "top" });
    this.canvas = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("path", { class: "rule", d: `M0 .5H${width}M0 ${height / 2}H${width}` }));
    this.paths = this.lines.map((line) => {
      const path = svg("path", { class: (this.stacked ? "area " : "line ") + line.kind });
      this.canvas.append(path);
      return path;
    });
    this.moments = Object.fromEntries(["reload", "down", "up", "drain"].map((kind) => [kind, svg("path", { class: "moment " + kind })]));
    this.cursor = svg("path", { class: "cursor" });
    this.canvas.append(...Object.values(this.moments), this.cursor);
    this.values = this.lines.map(() => el("b"));
    this.flags = el("span", { class: "flags", "aria-hidden": "true" });
    this.plot = el("div", { class: "plot", role: "img", "aria-label": `${this.title}: nothing yet` }, this.canvas, this.top, this.flags);
    this.node = el("figure", { class: "chart " + (this.name || "") },
      el("figcaption", {}, el("h3", {}, this.title), el("ul", { class: "values" }, ...this.lines.map((line, i) =>
        el("li", {}, el("i", { class: "key " + line.kind }), line.label + " ", this.values[i])))),
      this.plot,
      el("p", { class: "axis", "aria-hidden": "true" }, el("span", {}, "5 min ago"), el("span", {}, "now")));
  }

  // show draws series, an array for each line; at is the second that is read, or null for the newest.
  show(series, at) {
    const data = this.lines.map((line) => series[line.key] || []);
    const layers = this.stacked ? stack(data) : data;
    const top = roundUp(Math.max(0, ...layers.flat()));
    const empty = data.every((values) => values.every((v) => v === null || v === undefined));
    setText(this.top, empty ? "nothing yet" : this.unit(top).replace(".0\u00a0", "\u00a0"));
    layers.forEach((layer, i) => set(this.paths[i], "d", this.stacked ? area(layer, layers[i - 1], top) : line(layer, top)));
    const index = at === null ? width - 1 : at;
    data.forEach((values, i) => {
      setText(this.values[i], this.unit(values[index]));
      this.values[i].parentElement.hidden = this.stacked && i > 0 && !values.some((v) => v > 0);
    });
    set(this.cursor, "d", at === null ? "" : `M${at + 0.5} 0V${height}`);
    this.describe(data);
  }

  // describe is the chart in words.
  describe(data) {
    const parts = this.lines.map((line, i) => {
      const values = data[i].filter((v) => v !== null && v !== undefined);
      if (values.length === 0) return `${line.label}: nothing yet`;
      return `${line.label}: now ${this.unit(data[i][data[i].length - 1])}, least ${this.unit(Math.min(...values))}, most ${this.unit(Math.max(...values))}`;
    });
    set(this.plot, "aria-label", `${this.title}, the last 5 minutes. ${parts.join(". ")}.`);
  }

  // mark draws a line at each moment: [{x, kind, often, flagged, text, title}], x from 0 to 1. What happens often has short ones, so that the
  // values can be seen. Only a chart with flags says what it was.
  mark(moments) {
    for (const [kind, path] of Object.entries(this.moments)) {
      set(path, "d", moments.filter((m) => m.kind === kind).map((m) => `M${(m.x * width).toFixed(1)} ${m.often ? height * 0.88 : 0}V${height}`).join(""));
    }
    if (!this.flagged) return;
    const flagged = moments.filter((m) => m.flagged);
    const key = flagged.map((m) => m.x.toFixed(3) + m.text).join();
    if (key === this.drawn) return;
    this.drawn = key;
    this.flags.replaceChildren(...placed(flagged, this.plot.clientWidth || 300).map(({ moment, row }) => {
      const flag = el("span", { class: "flag " + moment.kind, title: moment.title }, moment.text);
      if (moment.x > 0.5) flag.style.right = `${(1 - moment.x) * 100}%`;
      else flag.style.left = `${moment.x * 100}%`;
      flag.style.top = `${row * 1.25}rem`;
      return flag;
    }));
  }
}

const flagRows = 3;
const letter = 7.5; // the width of a letter of a flag, at most, in pixels

// placed gives each flag a row in which it covers no other one. The newest are placed first, and those without room have no flag: the
// list below the charts has all of them.
function placed(moments, room) {
  const taken = Array.from({ length: flagRows }, () => []);
  const found = [];
  for (const moment of moments.toReversed()) {
    const at = moment.x * room;
    const length = moment.text.length * letter + 12;
    const from = moment.x > 0.5 ? at - length : at;
    const row = taken.findIndex((others) => others.every((o) => from + length <= o.from || from >= o.to));
    if (row < 0) continue;
    taken[row].push({ from, to: from + length });
    found.push({ moment, row });
  }
  return found;
}

// stack returns each layer with those below it added.
function stack(data) {
  const sums = [];
  for (const values of data) {
    const below = sums[sums.length - 1];
    sums.push(values.map((v, i) => (v || 0) + (below ? below[i] : 0)));
  }
  return sums;
}

function y(value, top) {
  return (height - (value / top) * (height - 2)).toFixed(1);
}

// line is the path through values. Where one is not known, it has a gap.
function line(values, top) {
  let d = "";
  let pen = "M";
  values.forEach((v, i) => {
    if (v === null || v === undefined) {
      pen = "M";
      return;
    }
    d += pen === "M" ? `M${i} ${y(v, top)}h1` : `L${i + 1} ${y(v, top)}`;
    pen = "L";
  });
  return d;
}

// area is the surface between values and those below.
function area(values, below, top) {
  if (values.length === 0) return "";
  const upper = values.map((v, i) => `${i} ${y(v, top)}H${i + 1}`);
  const lower = values.map((_, i) => `${i + 1} ${y(below ? below[i] : 0, top)}H${i}`).reverse();
  return `M${upper.join("L")}L${lower.join("L")}Z`;
}

// roundUp is the end of an axis: a number that is easy to read and to halve.
function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 6, 8, 10].map((n) => n * power).find((n) => n >= value * 0.9999);
}
