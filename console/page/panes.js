// One pane of the wire view: a head as bytes, each run of them coloured by what the parser took it for, and what follows from it.
import { el, set, setText } from "./dom.js";
import { count, ms } from "./format.js";

// kinds are those of the legend, with what they are called.
const kinds = [
  ["method", "method"], ["target", "target"], ["version", "version"], ["status", "status"], ["reason", "reason"], ["name", "name"], ["value", "value"],
  ["line-end", "line end"], ["chunk-size", "chunk size"], ["wrong", "refused here"],
];

export function legend() {
  return el("ul", { class: "kinds", "aria-label": "What the colours mean" }, ...kinds.map(([kind, name]) => el("li", { class: "k-" + kind }, name)),
    el("li", {}, el("mark", {}, "***"), " masked: a credential"));
}

// pane shows the heads of one direction. heads are as they were kept, and reports say what their bytes are, in the same order. name is that of
// a file with them.
export function pane(part, way, title, heads, reports, name, chunk) {
  const says = el("p", { class: "says", role: "status" }, "Point at some bytes, or go there with Tab and the arrow keys: here it says what they are.");
  const node = el("section", { class: "pane " + part, "aria-label": `${title}: ${way}` }, el("header", {}, el("h3", {}, way), el("p", { class: "soft" }, title)));
  if (!heads || heads.length === 0) {
    node.append(el("p", { class: "empty" }, "Nothing passed here."));
    return node;
  }
  const came = part.endsWith("-in"); // tenfour decides from what comes, not from what it sends
  heads.forEach((head, i) => node.append(...shown(head, reports[i], says, came)));
  if (chunk) node.append(el("p", { class: "soft" }, "The first chunk line of its body:"), el("pre", { class: "bytes", tabindex: "0" }, el("span", { class: "k-chunk-size" }, ...visible(chunk))));
  node.append(el("p", {}, download(heads, name)));
  return node;
}

// download is a link to the bytes as they passed, as a file. They come from this page: tenfour may not keep the exchange any more.
function download(heads, name) {
  const raw = Uint8Array.from(heads.map((head) => head.raw).join(""), (c) => c.charCodeAt(0));
  const link = el("a", { href: "#", download: name }, `Download these ${count(raw.length)} bytes`);
  link.addEventListener("click", () => {
    link.href = URL.createObjectURL(new Blob([raw], { type: "application/octet-stream" }));
    setTimeout(() => URL.revokeObjectURL(link.href), 60000); // by then the browser has it
  });
  return link;
}

function shown(head, report, says, came) {
  const runs = report && report.runs && report.runs.length ? report.runs : [{ from: 0, to: head.raw.length, kind: "content" }];
  const text = report && report.bytes ? report.bytes : head.raw;
  const pre = el("pre", { class: "bytes", role: "group", "aria-label": "Bytes. Arrow keys go from one to the next." },
    ...runs.map((run) => span(text.slice(run.from, run.to), run)));
  walkable(pre, says);
  return [
    pre, says,
    head.left > 0 ? el("p", { class: "soft" }, `${count(head.left)} bytes more were not kept.`) : "",
    report && report.refusal ? refusal(report.refusal) : "",
    decisions(came && report ? report : null, head, text),
  ];
}

// span is one run of bytes.
function span(text, run) {
  const node = el("span", { class: "run k-" + run.kind, tabindex: "-1" }, ...visible(text));
  node.says = `${run.kind.replaceAll("-", " ")}${run.says ? ": " + run.says : ""}${run.section ? " (" + run.section + ")" : ""}`;
  node.title = node.says;
  return node;
}

const signs = { "\r": "\\r", "\n": "\\n\n", "\t": "\\t" };

// visible is bytes as a reader sees them: line ends and tabs as \r\n and \t, masked values marked, others that are no visible ASCII as \xNN.
function visible(text) {
  return text.split(/(\*{3}|[\r\n\t]|[^ -~])/).filter(Boolean).map((part) => {
    if (part === "***") return el("mark", { title: "masked: a credential" }, part);
    if (signs[part]) return el("i", { class: "sign" }, signs[part]);
    if (/^[^ -~]$/.test(part)) return el("i", { class: "sign" }, "\\x" + part.charCodeAt(0).toString(16).padStart(2, "0"));
    return part;
  });
}

// walkable makes the runs one stop of the Tab key; the arrows go from run to run, and says is told what each is.
function walkable(pre, says) {
  const runs = [...pre.children];
  if (runs.length === 0) return;
  set(runs[0], "tabindex", "0");
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -runs.length, End: runs.length };
  pre.addEventListener("keydown", (event) => {
    const at = runs.indexOf(document.activeElement);
    if (!(event.key in steps) || at < 0) return;
    event.preventDefault();
    runs[Math.max(0, Math.min(runs.length - 1, at + steps[event.key]))].focus();
  });
  const tell = (event) => {
    const run = event.target.closest(".run");
    if (run) setText(says, run.says);
  };
  pre.addEventListener("pointerover", tell);
  pre.addEventListener("focusin", (event) => {
    tell(event);
    for (const run of runs) set(run, "tabindex", run === event.target ? "0" : "-1");
  });
}

function refusal(r) {
  return el("div", { class: "refusal" }, el("p", {}, el("b", {}, `Refused with ${r.status}: `), r.rule, " ", section(r.section)),
    el("pre", {}, `${r.excerpt}\n${r.caret}`), r.means ? el("p", {}, r.means) : "");
}

// decisions is when a head passed, and what tenfour decided from it. A decision about a field is named after the field.
function decisions(report, head, text) {
  const topic = (d) => {
    const run = d.about === "field" && report.runs.find((r) => r.from === d.at);
    return run ? text.slice(run.from, run.to) : d.about;
  };
  return el("ul", { class: "decisions" }, el("li", { class: "soft" }, `passed at ${ms(head.at_ms)}`),
    ...((report && report.decisions) || []).map((d) => el("li", { class: "about-" + d.about }, el("b", {}, topic(d) + ": "), d.says, " ", section(d.section))));
}

// changesOf lists what is not as it came. Without a list, it says why there is none.
export function changesOf(title, list, without = "There is nothing to compare: it did not pass on both sides.") {
  const node = el("section", { class: "changes" }, el("h3", {}, title));
  const changed = (list || []).filter((c) => c.did !== "kept");
  if (!list) node.append(el("p", { class: "empty" }, without));
  else if (changed.length === 0) node.append(el("p", { class: "empty" }, "Nothing: it went on as it came."));
  else node.append(el("ul", {}, ...changed.map(change)));
  const kept = (list || []).length - changed.length;
  if (kept > 0) node.append(el("p", { class: "soft" }, `${count(kept)} went on as they came.`));
  return node;
}

const marks = { removed: "−", added: "+", changed: "~" };

function change(c) {
  const was = c.did === "changed" && c.was !== undefined ? [...visible(c.was), " → "] : [];
  return el("li", { class: c.did }, el("span", { class: "mark", "aria-hidden": "true" }, marks[c.did] || "•"), el("span", { class: "did" }, c.did), " ",
    el("code", {}, el("b", {}, c.name), ": ", ...was, ...visible(c.value || "")), c.why ? el("span", { class: "why" }, " " + c.why + " ") : " ", section(c.section));
}

// section is a link to the section of an RFC: "RFC 9112 §6.1".
function section(text) {
  const found = /RFC (\d+)(?: §([\d.]+))?/.exec(text || "");
  if (!found) return text || "";
  return el("a", { href: `https://www.rfc-editor.org/rfc/rfc${found[1]}${found[2] ? "#section-" + found[2] : ""}`, rel: "noreferrer", class: "section" }, text);
}
