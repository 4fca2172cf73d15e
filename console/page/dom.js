// Elements of the page. What has not changed is not written again, so that a second costs little.

const space = "http://www.w3.org/2000/svg";

// el makes an element: el("a", {href: "/"}, "text", child).
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

// svg makes an element of a drawing.
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(space, name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// setText and set write only what is another value.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function set(node, attribute, value) {
  if (node.getAttribute(attribute) !== value) node.setAttribute(attribute, value);
}

// Keyed is a list of children, one for each item, which keep their element as long as they have the same key.
export class Keyed {
  // key(item) is a text; make(item) returns an element; update(element, item) writes what may have changed.
  constructor(parent, key, make, update) {
    Object.assign(this, { parent, key, make, update });
    this.nodes = new Map();
  }

  show(items) {
    const was = this.nodes;
    this.nodes = new Map();
    let next = this.parent.firstElementChild;
    for (const item of items) {
      const key = this.key(item);
      if (this.nodes.has(key)) continue;
      const node = was.get(key) || this.make(item);
      was.delete(key);
      this.nodes.set(key, node);
      if (node === next) next = next.nextElementSibling;
      else this.parent.insertBefore(node, next);
      this.update(node, item);
    }
    for (const node of was.values()) node.remove();
  }
}

const said = document.getElementById("said");

// say tells a screen reader of an event. It is for what is rare.
export function say(text) {
  setText(said, text);
}
