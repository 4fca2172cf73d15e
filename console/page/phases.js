// The phases of an exchange, one after the other, as a bar: its waterfall.
import { el } from "./dom.js";
import { ms } from "./format.js";

// phases are in the order in which an exchange passes them.
export const phases = [
  { key: "limited", kind: "limited", label: "over a limit" },
  { key: "body", kind: "upload", label: "its body" },
  { key: "queue", kind: "queued", label: "queue" },
  { key: "connect", kind: "connect", label: "connect" },
  { key: "first_byte", kind: "first-byte", label: "first byte" },
  { key: "rest", kind: "rest", label: "rest" },
];

// of are the phases that an exchange has passed, with their times. Without a first byte of a response, the rest is no response's.
export function of(x) {
  const times = x.phases_ms || {};
  const answered = times.first_byte !== null && times.first_byte !== undefined;
  return phases.map((p) => ({ ...p, time: times[p.key], ...(p.key === "rest" && !answered ? { kind: "unanswered", label: x.attempts > 0 ? "tries, without an answer" : "without a backend" } : {}) }))
    .filter((p) => p.time > 0);
}

// bar draws the phases of an exchange. Its length is the time on a logarithmic scale that is the same for all: ten times as long is a fifth
// more, from 0.1 ms to 10 s. So one that took long stands out, and the others can be seen.
export function bar(x) {
  const parts = of(x);
  const words = parts.map((p) => `${p.label} ${ms(p.time)}`).join(", ");
  const node = el("span", { class: "bar", role: "img", "aria-label": words || "no phase took a measurable time", title: words });
  node.style.width = `${Math.max(4, Math.min(100, 20 * Math.log10(Math.max(x.ms, 0.1) * 10)))}%`;
  for (const p of parts) {
    const part = el("i", { class: p.kind });
    part.style.flexGrow = String(p.time / Math.max(x.ms, 0.001));
    node.append(part);
  }
  return node;
}
