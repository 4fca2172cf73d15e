// Values as people read them. A value that is not known is a dash.

const unknown = "–";
const known = (n) => n !== null && n !== undefined;
const gap = "\u00a0"; // between a number and its unit: they stay on one line

// count is 1234 as 1,234.
export function count(n) {
  return known(n) ? Math.round(n).toLocaleString("en") : unknown;
}

// short is 1234 as 1.2 k.
export function short(n) {
  if (!known(n)) return unknown;
  if (n >= 999500) return digits(n / 1e6) + gap + "M";
  if (n >= 999.5) return digits(n / 1e3) + gap + "k";
  return n >= 10 || Number.isInteger(n) ? String(Math.round(n)) : n.toFixed(1);
}

// rate is a number in each second.
export function rate(n) {
  if (!known(n)) return unknown;
  return short(n) + (n >= 999.5 ? "/s" : gap + "/s");
}

// ms is a time in milliseconds, with its unit: 0.42 ms, 1.2 ms, 123 ms, 1.2 s, 12 s, 2.4 min.
export function ms(n) {
  if (!known(n)) return unknown;
  if (n >= 119500) return digits(n / 60000) + gap + "min";
  if (n >= 999.5) return digits(n / 1000) + gap + "s";
  if (n > 0 && n < 0.005) return "<0.01" + gap + "ms";
  if (n > 0 && n < 0.995) return n.toFixed(2) + gap + "ms";
  return digits(n) + gap + "ms";
}

// digits has two digits that count, or all of a whole number.
function digits(n) {
  return n >= 9.95 || n === 0 ? String(Math.round(n)) : n.toFixed(1);
}

// bytes is a size.
export function bytes(n) {
  if (!known(n)) return unknown;
  if (n < 1024) return n + gap + "bytes";
  if (n < 1024 * 1024) return digits(n / 1024) + gap + "KiB";
  return digits(n / 1024 / 1024) + gap + "MiB";
}

// age is a time in seconds: how long ago, or for how long.
export function age(seconds) {
  if (!known(seconds) || Number.isNaN(seconds)) return unknown;
  const s = Math.max(0, seconds);
  if (s < 120) return Math.floor(s) + gap + "s";
  if (s < 7200) return Math.floor(s / 60) + gap + "min";
  if (s < 172800) return Math.floor(s / 3600) + gap + "h";
  return Math.floor(s / 86400) + gap + "days";
}

// clock is the time of day of a moment, in milliseconds since 1970, on the reader's clock face.
export function clock(time) {
  return new Date(time).toLocaleTimeString("en-GB");
}

// plural is "1 request" or "2 requests".
export function plural(n, noun) {
  return count(n) + " " + noun + (n === 1 ? "" : "s");
}
