// Values as people read them. A value that is not known is a dash.

const unknown = "–";
const known = (n) => n !== null && n !== undefined;

// count is 1234 as 1,234.
export function count(n) {
  return known(n) ? Math.round(n).toLocaleString("en") : unknown;
}

// short is 1234 as 1.2 k.
export function short(n) {
  if (!known(n)) return unknown;
  if (n >= 999500) return digits(n / 1e6) + " M";
  if (n >= 999.5) return digits(n / 1e3) + " k";
  return n >= 10 || Number.isInteger(n) ? String(Math.round(n)) : n.toFixed(1);
}

// rate is a number in each second.
export function rate(n) {
  if (!known(n)) return unknown;
  return short(n) + (n >= 999.5 ? "/s" : " /s");
}

// ms is a time in milliseconds, with its unit: 0.42 ms, 1.2 ms, 123 ms, 1.2 s, 12 s.
export function ms(n) {
  if (!known(n)) return unknown;
  if (n >= 999.5) return digits(n / 1000) + " s";
  if (n > 0 && n < 0.995) return n.toFixed(2) + " ms";
  return digits(n) + " ms";
}

// digits has two digits that count, or all of a whole number.
function digits(n) {
  return n >= 9.95 || n === 0 ? String(Math.round(n)) : n.toFixed(1);
}

// bytes is a size.
export function bytes(n) {
  if (!known(n)) return unknown;
  if (n < 1024) return n + " bytes";
  if (n < 1024 * 1024) return digits(n / 1024) + " KiB";
  return digits(n / 1024 / 1024) + " MiB";
}

// age is a time in seconds: how long ago, or for how long.
export function age(seconds) {
  if (!known(seconds) || Number.isNaN(seconds)) return unknown;
  const s = Math.max(0, seconds);
  if (s < 120) return Math.floor(s) + " s";
  if (s < 7200) return Math.floor(s / 60) + " min";
  if (s < 172800) return Math.floor(s / 3600) + " h";
  return Math.floor(s / 86400) + " days";
}

// clock is the time of day of a moment, in milliseconds since 1970, on the reader's clock face.
export function clock(time) {
  return new Date(time).toLocaleTimeString("en-GB");
}

// plural is "1 request" or "2 requests".
export function plural(n, noun) {
  return count(n) + " " + noun + (n === 1 ? "" : "s");
}
