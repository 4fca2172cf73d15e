// The section Jobs: how many are in each state, the last ones, and what can be done to them.
import { el, Keyed, setText } from "./dom.js";
import { age, count, plural } from "./format.js";

const section = document.getElementById("jobs");
const states = document.getElementById("states");
const done = document.getElementById("done");
const table = document.getElementById("tasks");
const none = document.getElementById("nojobs");
const token = document.querySelector("meta[name=token]").content;
const every = 2000; // the last jobs are asked for this often while some have not ended, in milliseconds

const known = ["accepted", "running", "waiting", "done", "failed", "cancelled", "interrupted"]; // states, in the order of a job's life

let state = null;
let counts = "";
let asked = 0;
let asking = false;

const tiles = new Keyed(states, ([name]) => name, () => el("li", {}, el("b"), el("span")), (node, [name, n]) => {
  setText(node.firstElementChild, count(n));
  setText(node.lastElementChild, name);
  node.className = name + (n > 0 ? "" : " zero");
});

const rows = new Keyed(table.tBodies[0], (job) => job.id, make, update);

export function start() {
  table.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) act(button.value, button.closest("tr").id.slice(4));
  });
}

export function show(s) {
  state = s;
  const jobs = s.status.jobs;
  section.hidden = !jobs;
  if (!jobs) return;
  tiles.show(known.map((name) => [name, (jobs.counts || {})[name] || 0]));
  for (const [, node] of rows.nodes) setText(node.firstElementChild, age(state.since(node.made)));
  const now = JSON.stringify(jobs.counts);
  const lively = ["accepted", "running", "waiting"].some((name) => (jobs.counts || {})[name] > 0);
  if (now !== counts || (lively && Date.now() - asked > every)) ask(now);
}

// ask fetches the last jobs. One answer is awaited at a time.
async function ask(now) {
  if (asking) return;
  asking = true;
  asked = Date.now();
  try {
    const answer = await fetch("/jobs?limit=20", { headers: { Accept: "application/json" } });
    const list = await answer.json();
    if (!answer.ok) throw new Error(list.error);
    counts = now;
    rows.show(list.jobs);
    table.hidden = list.jobs.length === 0;
    setText(none, list.jobs.length === 0 ? "No job yet. A request with Prefer: respond-async makes one." : list.matching > list.jobs.length ? `These are the last ${list.jobs.length} of ${plural(list.matching, "job")}. tenfour jobs list shows all.` : "");
  } catch (err) {
    setText(none, `The jobs cannot be read: ${err.message}.`);
  } finally {
    asking = false;
  }
}

function make(job) {
  const row = el("tr", { id: "job-" + job.id }, el("td", { class: "soft" }), el("td"), el("td", { class: "request" }, el("b", {}, job.method), " " + job.target, el("span", { class: "soft id" }, job.id)), el("td"), el("td", { class: "buttons" }));
  row.made = job.created;
  return row;
}

function update(row, job) {
  const [made, what, , attempts, buttons] = row.children;
  setText(made, age(state.since(job.created)));
  what.className = "jobstate " + job.state;
  setText(what, job.state + (job.paused ? ", paused" : "") + (job.status ? ` ${job.status}` : ""));
  setText(attempts, story(job));
  const verbs = verbsFor(job);
  if (buttons.dataset.verbs === verbs.join()) return;
  buttons.dataset.verbs = verbs.join();
  buttons.replaceChildren(...verbs.map((verb) => el("button", { type: "button", value: verb, "aria-label": `${verb} job ${job.id}` }, verb)));
}

// story says how often a job was tried, how the last time ended, and why the job has ended as it has.
function story(job) {
  const last = (job.attempts || [])[job.attempts.length - 1];
  const parts = [`${job.tried} ${job.tried === 1 ? "attempt" : "attempts"}`];
  if (last) parts.push(`the last at ${last.backend || "no backend"}: ${last.failure || (last.ended ? "answered " + last.status : last.reached)}`);
  if (job.reason && !(last && last.failure === job.reason)) parts.push(job.reason);
  return parts.join("; ");
}

function verbsFor(job) {
  if (job.state === "done") return [];
  if (["failed", "cancelled", "interrupted"].includes(job.state)) return ["retry"];
  return [job.paused ? "resume" : "pause", "cancel"];
}

// act does a verb to a job, and says how that went.
async function act(verb, id) {
  setText(done, `${verb} job ${id} …`);
  try {
    const answer = await fetch(`/jobs/${id}/${verb}`, { method: "POST", headers: { "X-Tenfour-Token": token, Accept: "application/json" } });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error || String(answer.status));
    setText(done, `${verb}: job ${id} is ${said.state}${said.paused ? " and paused" : ""} now.`);
  } catch (err) {
    setText(done, `${verb}: job ${id} is as it was: ${err.message}.`);
  }
  ask(counts);
}
