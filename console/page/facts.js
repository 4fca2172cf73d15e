// The top of the page: which tenfour this is, and how it is.
import { el, Keyed, set, setText } from "./dom.js";
import { age, count, plural } from "./format.js";

const list = new Keyed(document.getElementById("facts"), (f) => f.name, (f) => el("li", {}, el("span", { class: "soft" }, f.name + " "), el("b")), (node, f) => {
  setText(node.lastElementChild, f.text);
  set(node, "class", f.kind || "");
});

// facts shows them.
export function facts(state) {
  const s = state.status;
  const c = s.config || {};
  const all = [
    { name: "is", text: s.state === "running" ? `running for ${age(state.since(s.started))}` : `${s.state || "here"}, started ${age(state.since(s.started))} ago`, kind: s.state },
    { name: "listens on", text: (s.listeners || []).join(" ") },
    { name: "connections", text: `${count(s.connections?.open)}, ${count(s.connections?.parked)} parked` },
    { name: "requests", text: count(s.totals?.requests) },
    { name: "configuration", text: `${c.file || "flags only"}, read ${age(state.since(c.loaded))} ago${c.reloads ? `, ${plural(c.reloads, "reload")}` : ""}` },
    { name: "version", text: s.version },
  ];
  if (c.error) all.push({ name: "the last reload was refused:", text: c.error, kind: "wrong" });
  list.show(all);
}
