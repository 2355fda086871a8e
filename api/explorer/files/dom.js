// Make elements. Text only ever becomes text nodes: what a goal or a tool says is never read as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Make an HTML element: `on…` are listeners, true and false set or leave out an attribute. */
export const h = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);

/** Make an SVG element. */
export const s = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Make of text what it is made of: a name between backticks is set as code. */
export const named = (text) =>
  text.split(/`([^`\n]+)`/).map((part, index) => (index % 2 ? h("code", {}, part) : part));

/** Make a button that acts. */
export const button = (words, act, properties) => h("button", { type: "button", onclick: act, ...properties }, words);

/** Make a form that is sent nowhere. */
export const form = (properties, ...children) =>
  h("form", { onsubmit: (event) => event.preventDefault(), ...properties }, ...children);

/** Find the element with an id. */
export const byId = (id) => document.getElementById(id);

/** Draw one of the marks that stand in index.html. */
export const icon = (name) => s("svg", { class: "icon", "aria-hidden": "true" }, s("use", { href: `#i-${name}` }));

/** Put text into an element, where it differs. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Mark an element as where one is, or no longer. */
export function current(element, is, what = "page") {
  if (is) element.setAttribute("aria-current", what);
  else element.removeAttribute("aria-current");
}

const held = new WeakMap();

/** Show one element an item, in order; an item that stays keeps its element, and with it focus and what is open. */
export function keyed(parent, items, keyOf, make, change = () => {}) {
  const before = held.get(parent) ?? new Map();
  const after = new Map(items.map((item) => [keyOf(item), before.get(keyOf(item)) ?? make(item)]));
  for (const [key, element] of before) if (!after.has(key)) element.remove();
  let place = parent.firstElementChild;
  for (const item of items) {
    const element = after.get(keyOf(item));
    change(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  held.set(parent, after);
}

/** Call back once before the next picture, however often it is asked for until then. */
export function soon(callback) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      callback();
    });
  };
}
