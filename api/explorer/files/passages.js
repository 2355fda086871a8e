// What a reply says, drawn: the objects of a list as numbered passages, names before values where these need them.

import { h, keyed, say } from "./dom.js";
import { isHeadline } from "./spoken.js";

/** Draw the values of a reply; as it grows, what stands there already stays. */
export const drawPassages = (element, values) =>
  keyed(element, grouped(values), (group) => group.item, passage, fillPassage);

/** Put what belongs to one object of a list together. */
function grouped(values) {
  const groups = new Map();
  for (const value of values) groups.set(value.item, [...(groups.get(value.item) ?? []), value]);
  return [...groups].map(([item, held]) => ({ item, held }));
}

const passage = ({ item }) =>
  h("div", { class: "passage" }, item ? h("span", { class: "number" }, String(item)) : null, h("div", {}));

function fillPassage(element, { held }) {
  keyed(element.lastElementChild, held.map((each, at) => ({ ...each, at })), (each) => each.at, value, refresh);
}

const value = ({ label }) =>
  h(
    "span",
    { class: isHeadline(label) ? "value headline" : "value" },
    isHeadline(label) ? null : h("span", { class: "label" }, label),
    h("span", {}),
  );

const refresh = (element, { text }) => say(element.lastElementChild, text);
