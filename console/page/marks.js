// What has happened in the last 5 minutes: reloads, backends that went down or came up, a drain.

const glyphs = { reload: "↻", down: "▼", up: "▲", drain: "■" };
const toldApart = 4; // changes of one backend, more of which are one item

// grouped has an item for each mark, the newest first. A backend that goes up and down all the time has one item.
export function grouped(marks) {
  const of = new Map();
  for (const mark of marks.toReversed()) {
    const subject = subjectOf(mark);
    of.set(subject, [...(of.get(subject) || []), mark]);
  }
  const items = [...of].flatMap(([subject, some]) => (subject && some.length > toldApart ? [often(subject, some)] : some.map(single)));
  return items.sort((a, b) => b.moments[0].at - a.moments[0].at);
}

// subjectOf is the backend that a mark is about: "127.0.0.1:9001 is down: connection refused" is about 127.0.0.1:9001.
function subjectOf(mark) {
  return mark.kind === "down" || mark.kind === "up" ? mark.text.split(" ")[0] : "";
}

function single(mark) {
  const glyph = glyphs[mark.kind] || "•";
  const brief = subjectOf(mark) || { reload: "reloaded", drain: "drains" }[mark.kind] || mark.text;
  return { key: mark.time + mark.text, kind: mark.kind, glyph, words: mark.text, text: `${glyph} ${brief}`, title: mark.text, time: mark.time, moments: [moment(mark)] };
}

// often is all that happened to one backend, newest first.
function often(subject, some) {
  const downs = some.filter((m) => m.kind === "down").length;
  const last = some.find((m) => m.kind === "down") || some[0];
  const words = `${subject} went down ${downs} times and came up ${some.length - downs} times; ${last.text.slice(subject.length + 1)}`;
  return { key: "often " + subject, kind: "down", often: true, glyph: "↕", words, text: `↕ ${subject} × ${some.length}`, title: words, time: some[0].time, moments: some.map(moment) };
}

function moment(mark) {
  return { at: Date.parse(mark.time), kind: mark.kind };
}
