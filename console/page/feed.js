// What the server tells of by itself: server-sent events, once a second. A page that is not seen asks for none.

const patience = 5000; // without an event for so long, the connection is made anew, in milliseconds
const pauses = [1, 2, 4, 8]; // before each try to connect again, in seconds

export class Feed {
  // take(status) is called for each event, the first of a connection with fresh as true; tell(state, seconds) when the state of the connection changes: "live", "paused",
  // "lost" and in how many seconds it is tried again.
  constructor(take, tell) {
    Object.assign(this, { take, tell, source: null, timer: 0, failures: 0 });
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
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.lost(), patience);
  }

  lost() {
    this.end();
    if (document.hidden) return;
    const pause = pauses[Math.min(this.failures, pauses.length - 1)];
    this.failures++;
    this.tell("lost", pause);
    this.timer = setTimeout(() => this.connect(), pause * 1000);
  }

  pause() {
    this.end();
    this.tell("paused");
  }

  end() {
    clearTimeout(this.timer);
    if (this.source) this.source.close();
    this.source = null;
  }
}
