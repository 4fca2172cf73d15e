// The live page: the server tells of its state once a second, and each section shows its part of it.
import * as backends from "./backends.js";
import { setText } from "./dom.js";
import * as exchanges from "./exchanges.js";
import { facts } from "./facts.js";
import { Feed } from "./feed.js";
import * as jobs from "./jobs.js";
import * as now from "./now.js";
import { State } from "./state.js";
import { offerThemes } from "./theme.js";
import * as wire from "./wire.js";

const state = new State();
const link = document.getElementById("link");

function take(status, fresh) {
  if (fresh) state.forget();
  const known = new Set(((state.status && state.status.marks) || []).map((m) => m.time + m.text));
  if (!state.take(status)) takeAll();
  facts(state);
  now.show(state);
  backends.show(state);
  exchanges.show(state);
  jobs.show(state);
  if (!fresh) now.tell((state.status.marks || []).filter((m) => !known.has(m.time + m.text)));
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
  const words = { live: "live", paused: "paused: this page is not seen", lost: `no connection to tenfour, next try in ${seconds} s` };
  link.className = "link " + is;
  setText(link, words[is]);
}

offerThemes();
now.start();
exchanges.start(wire.open);
jobs.start();
wire.begin();
new Feed(take, tell);
