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

// bar draws the phases of an exchange. Its length is the time on a logarithmic scale that is the same for all: ten times as long is a fifth
// more, from 0.1 ms to 10 s. So one that took long stands out, and the others can be seen.
export function bar(x) {
  const parts = phases.map((p) => ({ ...p, time: (x.phases_ms || {})[p.key] })).filter((p) => p.time > 0);
  const words = parts.map((p) => `${p.label} ${ms(p.time)}`).join(", ");
  const node = el("span", { class: "bar", role: "img", "aria-label": words || "no phase took a measurable time", title: words });
  node.style.width = `${Math.max(4, Math.min(100, 20 * Math.log10(Math.max(x.ms, 0.1) * 10)))}%`;
  for (const p of parts) {
    const part = el("i", { class: p.kind });
    part.style.flexGrow = String(p.time / x.ms);
    node.append(part);
  }
  return node;
}
