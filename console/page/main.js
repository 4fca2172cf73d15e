// The live page: the server tells of its state once a second, and each section shows its part of it.
import * as backends from "./backends.js";
import { el, say, set, setText } from "./dom.js";
import * as exchanges from "./exchanges.js";
import { facts } from "./facts.js";
import { Feed } from "./feed.js";
import * as jobs from "./jobs.js";
import { forgetAll } from "./known.js";
import * as now from "./now.js";
import { State } from "./state.js";
import { offerThemes } from "./theme.js";
import * as trouble from "./trouble.js";
import * as wire from "./wire.js";

const state = new State();
const link = document.getElementById("link");
const anew = document.getElementById("anew");
let tenfour = null; // when the one was started that the page is connected to, and the version that the page is of

const sections = [trouble.show, (s) => facts(s), now.show, backends.show, exchanges.show, jobs.show];

function take(status, fresh) {
  if (!status.time) return; // it could not be made
  if (fresh) begin(status);
  const known = new Set(((state.status && state.status.marks) || []).map((m) => m.time + m.text));
  if (!state.take(status)) takeAll();
  trouble.watch(state);
  for (const show of sections) {
    try {
      show(state);
    } catch (err) {
      console.error(err); // one section that fails holds up no other
    }
  }
  if (!fresh) now.tell((state.status.marks || []).filter((m) => !known.has(m.time + m.text)));
}

// begin is the first event of a connection. It may be of another tenfour than the page: then what is known of the one before is forgotten.
function begin(status) {
  const was = tenfour;
  tenfour = { started: status.started, version: was ? was.version : status.version };
  state.forget();
  if (!was || was.started === tenfour.started) return;
  anew.hidden = status.version === tenfour.version;
  forgetAll();
  backends.forget();
  jobs.forget();
  say("tenfour was started anew.");
}

// takeAll asks for the whole status, because an event came late and a second is missing.
async function takeAll() {
  try {
    const answer = await fetch("/status.json");
    if (answer.ok) state.take(await answer.json());
  } catch {
    // The feed says that there is no connection.
  }
}

function tell(is, seconds) {
  const words = {
    live: "live", late: "no news for some seconds", paused: "paused: this page is not seen", lost: `no connection to tenfour, next try in ${seconds} s`, locked: "the console asks for its token: ",
  };
  set(link, "class", "link " + is);
  if (is === "locked") link.replaceChildren(words.locked, el("a", { href: "/" }, "log in"));
  else setText(link, words[is]);
  document.title = is === "lost" || is === "locked" ? "tenfour: no connection" : "tenfour";
  document.documentElement.classList.toggle("stale", is === "lost" || is === "locked");
}

offerThemes();
trouble.start();
now.start();
exchanges.start(wire.open);
jobs.start();
wire.begin();
new Feed(take, tell);
