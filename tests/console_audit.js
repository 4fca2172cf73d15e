// An audit of the page as it is shown: a list of what some reader could not use.
(() => {
  const problems = [];
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest(".unseen, thead");
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
  const name = (e) => `${e.tagName.toLowerCase()}${e.id ? "#" + e.id : ""}${e.className && e.className.baseVal === undefined ? "." + String(e.className).replaceAll(" ", ".") : ""}`;
  const label = (e) => (e.getAttribute("aria-label") || (e.getAttribute("aria-labelledby") || "").split(" ").map((id) => (document.getElementById(id) || {}).textContent || "").join(" ")
    || [...(e.labels || [])].map((l) => l.textContent).join(" ") || e.textContent || e.getAttribute("title") || "").trim();
  const say = (e, text) => problems.push(`${name(e)}: ${text}`);

  // Structure.
  if (!document.documentElement.lang) problems.push("the page names no language");
  if (!document.title) problems.push("the page has no title");
  if (document.querySelectorAll("main").length !== 1) problems.push("the page has not one main part");
  if (document.querySelectorAll("h1").length !== 1) problems.push("the page has not one first heading");
  const ids = new Set();
  for (const e of document.querySelectorAll("[id]")) {
    if (ids.has(e.id)) say(e, "its id is not its own");
    ids.add(e.id);
  }
  let level = 0;
  for (const h of all("h1, h2, h3, h4, h5, h6")) {
    const at = Number(h.tagName[1]);
    if (at > level + 1 && level > 0) say(h, `after a heading of level ${level}: ${h.textContent}`);
    level = at;
  }

  // Names and roles.
  for (const e of all("a[href], button, input, select, textarea, [role=img], [role=region], [role=group], section, article, dialog, form, fieldset")) {
    if (e.tagName !== "FIELDSET" && !label(e)) say(e, "it has no name");
  }
  for (const e of all("a, button, input, select, p, li, span, dl")) if (e.getAttribute("aria-label") && ["P", "SPAN", "DIV"].includes(e.tagName) && !e.getAttribute("role")) say(e, "a name without a role");
  for (const e of all("svg, img, canvas")) {
    if (!e.closest("[aria-hidden=true]") && !(e.getAttribute("role") === "img" && label(e)) && !e.getAttribute("alt")) say(e, "a picture without words");
  }
  for (const e of all("input")) if (![...(e.labels || [])].length && !e.getAttribute("aria-label")) say(e, "it has no label");
  for (const e of all("table")) {
    if (!e.caption || !e.caption.textContent.trim()) say(e, "a table without a caption");
    for (const th of e.querySelectorAll("th")) if (!th.scope) say(th, "a heading of a table without its scope");
  }
  for (const e of all("[tabindex]")) if (e.tabIndex > 0) say(e, "it changes the order of the Tab key");
  for (const e of all("*")) {
    const s = getComputedStyle(e);
    const scrolls = /auto|scroll/.test(s.overflowY + s.overflowX) && (e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1);
    if (scrolls && e !== document.documentElement && e !== document.body && e.tabIndex < 0 && !e.querySelector("a[href], button, input, [tabindex='0']")) say(e, "it scrolls, and no key reaches it");
  }

  // Room.
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1 && !e.closest(".scroll > *, .window > *"));
    problems.push(`the page is ${root.scrollWidth} wide, and the window ${root.clientWidth}: ${wide.map((e) => `${name(e)} ends at ${e.getBoundingClientRect().right}`).join(", ")}`);
  }
  for (const e of all("section, article, header, figure, dialog, .queue, .backend, .slots, form, .sides")) {
    if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline") say(e, `what is in it is ${e.scrollWidth} wide, and it is ${e.clientWidth}`);
  }

  // Contrast, of each text with the surface under it.
  const rgba = (text) => {
    const parts = (text.match(/[\d.]+/g) || []).map(Number);
    return parts.length === 3 ? [...parts, 1] : parts;
  };
  const luminance = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const surface = (e) => {
    for (; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  const walker = document.createTreeWalker(document.querySelector("dialog[open]") || document.body, NodeFilter.SHOW_TEXT);
  const told = new Set();
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const e = text.parentElement;
    if (!text.data.trim() || !seen(e) || e.closest("script, style, option")) continue;
    const style = getComputedStyle(e);
    const [a, b] = [luminance(rgba(style.color)), luminance(surface(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5 && !told.has(name(e))) {
      told.add(name(e));
      say(e, `${JSON.stringify(text.data.trim().slice(0, 30))}, ${style.color} on ${surface(e)}, has a contrast of ${ratio.toFixed(2)}`);
    }
  }
  return problems;
})()
