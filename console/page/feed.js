// What the server tells of by itself: server-sent events, once a second. A page that is not seen asks for none.

const late = 3000; // without an event for so long, the page says so, in milliseconds
const patience = 15000; // and after this the connection is made anew: the first event is large, and a link may be slow
const pauses = [1, 2, 4, 8]; // before each try to connect again, in seconds

export class Feed {
  // take(status) is called for each event, the first of a connection with fresh as true; tell(state, seconds) when the state of the connection changes: "live", "late",
  // "paused", "lost" and in how many seconds it is tried again, and "locked" when the console asks for its token.
  constructor(take, tell) {
    Object.assign(this, { take, tell, source: null, timers: [], failures: 0, locked: false });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.pause() : this.connect()));
    if (document.hidden) this.pause();
    else this.connect();
  }

  connect() {
    this.end();
    let fresh = true;
    this.source = new EventSource("/events");
    this.source.addEventListener("status", (event) => {
      this.failures = 0;
      this.locked = false;
      this.expect();
      this.tell("live");
      this.take(JSON.parse(event.data), fresh);
      fresh = false;
    });
    this.source.addEventListener("error", () => this.lost());
    this.expect();
  }

  // expect has the connection made anew when no event comes.
  expect() {
    this.stopTimers();
    this.timers = [setTimeout(() => this.tell("late"), late), setTimeout(() => this.lost(), patience)];
  }

  stopTimers() {
    this.timers.forEach(clearTimeout);
    this.timers = [];
  }

  async lost() {
    this.end();
    if (document.hidden) return;
    const pause = pauses[Math.min(this.failures, pauses.length - 1)];
    this.failures++;
    if (!this.locked) this.tell("lost", pause);
    this.timers = [setTimeout(() => this.connect(), pause * 1000)];
    this.locked = await isLocked();
    if (!this.source && !document.hidden) this.tell(this.locked ? "locked" : "lost", pause);
  }

  pause() {
    this.end();
    this.tell("paused");
  }

  end() {
    this.stopTimers();
    if (this.source) this.source.close();
    this.source = null;
  }
}

// isLocked reports whether the console asks for the token: an EventSource does not say why it has failed.
async function isLocked() {
  try {
    return (await fetch("/status.json", { method: "HEAD" })).status === 401;
  } catch {
    return false;
  }
}
