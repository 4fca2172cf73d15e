// The state of tenfour as the page knows it: the first event is whole, and each later one has what is new since.

const points = 300; // of each series: 5 minutes of seconds
const exchangesMost = 200; // the last ones; and as many that are kept for longer, because they failed or were slow
const windowMs = 5 * 60 * 1000;

export class State {
  constructor() {
    this.status = null;
    this.skew = 0; // what is to be added to this browser's clock to have the server's, in milliseconds
  }

  // take adds an event to what is known. It reports whether nothing is missing: an event may be late, and then a second is.
  take(status) {
    this.skew = Date.parse(status.time) - Date.now();
    const was = this.status;
    this.status = status;
    if (!was || isWhole(status)) {
      status.series = padded(status.series);
      return true;
    }
    const complete = follows(was.series, status.series);
    status.series = joined(was.series, status.series);
    status.exchanges = withExchanges(status.exchanges || [], was.exchanges || []);
    status.marks = withMarks(was.marks || [], status.marks || [], Date.parse(status.time) - windowMs);
    return complete;
  }

  // forget makes the next event the first.
  forget() {
    this.status = null;
  }

  // now is the moment by the server's clock, in milliseconds since 1970.
  now() {
    return Date.now() + this.skew;
  }

  // since is how many seconds ago a moment of the server was.
  since(time) {
    return (this.now() - Date.parse(time)) / 1000;
  }
}

// lists calls f(list, path) for each list of numbers in a series.
function lists(series, f) {
  f(series.requests, (s) => s.requests, (s, l) => { s.requests = l; });
  for (const group of ["answers", "p50_ms", "p99_ms"]) {
    for (const name of Object.keys(series[group] || {})) {
      f(series[group][name], (s) => (s[group] || {})[name], (s, l) => { s[group][name] = l; });
    }
  }
}

// isWhole reports whether an event has more than the last point of each series.
function isWhole(status) {
  return !status.series || !status.series.requests || status.series.requests.length !== 1;
}

// padded has as many points in each list: those of before the start are not known.
function padded(series) {
  if (!series || !series.requests) return null;
  const length = series.requests.length;
  series.end = Date.parse(series.from) + (length - 1) * series.step_ms;
  lists(series, (list, _, put) => put(series, fill(points - list.length).concat(list).slice(-points)));
  return series;
}

// follows reports whether the last point is the one after those that are known, or the last of them. It is neither after a second was missed,
// or when the server's clock was set.
function follows(was, last) {
  if (!was) return true;
  const steps = (Date.parse(last.from) - was.end) / last.step_ms;
  return steps > -0.5 && steps < 1.5;
}

// joined moves the series on to where the last event has it.
function joined(was, last) {
  if (!was) return padded(last);
  const end = Date.parse(last.from);
  const steps = Math.round((end - was.end) / last.step_ms);
  if (steps < 0 || steps > points) return padded(last);
  lists(last, (list, get, put) => {
    const old = get(was) || fill(points);
    put(last, steps === 0 ? old.slice(0, -1).concat(list) : old.concat(fill(steps - 1), list).slice(-points));
  });
  last.end = end;
  return last;
}

function fill(n) {
  return new Array(Math.max(0, n)).fill(null);
}

// withExchanges has the new exchanges and those of before, newest first, each once.
function withExchanges(fresh, old) {
  const ids = new Set(fresh.map((x) => x.id));
  const all = fresh.concat(old.filter((x) => !ids.has(x.id))).sort((a, b) => Date.parse(b.began) - Date.parse(a.began));
  const room = { recent: exchangesMost, longer: exchangesMost };
  return all.filter((x) => room[x.kept === "recent" ? "recent" : "longer"]-- > 0);
}

// withMarks has the marks of before and the new ones, oldest first, each once, without those that have left the window.
function withMarks(old, fresh, from) {
  const seen = new Set();
  return old.concat(fresh).filter((m) => {
    const key = m.time + m.text;
    if (seen.has(key) || Date.parse(m.time) < from) return false;
    seen.add(key);
    return true;
  });
}
