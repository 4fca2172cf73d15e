// The section Jobs: how many are in each state, the last ones, and what can be done to them.
import { el, Keyed, setText } from "./dom.js";
import { age, count, ms, plural } from "./format.js";
import { reason } from "./known.js";
import { post } from "./token.js";

const section = document.getElementById("jobs");
const states = document.getElementById("states");
const done = document.getElementById("done");
const table = document.getElementById("tasks");
const none = document.getElementById("nojobs");
const attemptsMost = 3; // of a job that have a line, the last ones
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
  for (const [, node] of rows.nodes) setText(node.firstElementChild, age(state.since(node.made)) + " ago");
  const now = JSON.stringify(jobs.counts);
  const lively = ["accepted", "running", "waiting"].some((name) => (jobs.counts || {})[name] > 0);
  if (now !== counts || (lively && Date.now() - asked > every)) ask(now);
}

// forget has the last jobs fetched anew: they are another tenfour's.
export function forget() {
  counts = "";
}

// ask fetches the last jobs. One answer is awaited at a time.
async function ask(now) {
  if (asking) return;
  asking = true;
  asked = Date.now();
  try {
    const answer = await fetch("/jobs?limit=20", { headers: { Accept: "application/json" } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(reason(text) || `the console answered ${answer.status}`);
    const list = JSON.parse(text);
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
  setText(made, age(state.since(job.created)) + " ago");
  what.className = "jobstate " + job.state;
  setText(what, job.state + (job.paused ? ", paused" : "") + (job.status ? ` ${job.status}` : ""));
  const lines = story(job);
  if (lines.join("\n") !== row.story) {
    row.story = lines.join("\n");
    attempts.replaceChildren(...lines.map((line) => el("p", {}, line)));
  }
  offer(buttons, verbsFor(job), job.id);
}

// offer has a button for each verb. If one of them had the focus, the first has it then.
function offer(cell, verbs, id) {
  if (cell.dataset.verbs === verbs.join()) return;
  const focused = cell.contains(document.activeElement);
  cell.dataset.verbs = verbs.join();
  cell.replaceChildren(...verbs.map((verb) => el("button", { type: "button", value: verb, "aria-label": `${verb} job ${id}` }, verb)));
  if (focused) (cell.firstElementChild || table).focus();
}

// story says how often a job was tried, how the last times went, and why the job has ended as it has.
function story(job) {
  const last = (job.attempts || []).slice(-attemptsMost);
  const lines = last.map((a, i) => `${job.tried - last.length + i + 1}. ${a.backend || "no backend"}${took(a)}: ${a.failure || (a.ended ? "answered " + a.status : "it is " + a.reached)}`);
  if (job.tried > last.length) lines.unshift(`${plural(job.tried - last.length, "attempt")} before`);
  if (job.tried === 0) lines.push("not tried yet");
  if (job.reason && !last.some((a) => a.failure === job.reason)) lines.push(job.reason);
  return lines;
}

function took(attempt) {
  return attempt.ended ? ", " + ms(Date.parse(attempt.ended) - Date.parse(attempt.began)) : "";
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
    const said = await post(`/jobs/${id}/${verb}`);
    setText(done, `${verb}: job ${id} is ${said.state}${said.paused ? " and paused" : ""} now.`);
  } catch (err) {
    setText(done, `${verb}: job ${id} was not changed: ${err.message}.`);
  }
  ask(counts);
}
