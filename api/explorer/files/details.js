// What opens under an event: its words in full, what it rests on, and the event as it is stored.

import { h, named } from "./dom.js";
import { indented } from "./json.js";
import { drawPassages } from "./passages.js";
import { promptFacts } from "./prompts.js";
import { spoken } from "./spoken.js";
import { dataOf, nameOf } from "./story.js";

/** Draw all of an event. */
export function whole(id, event) {
  const facts = { type: event.type, actor: event.actor, call: event.call, position: event.position };
  const known = Object.entries(facts).filter(([, value]) => value);
  return h(
    "div",
    { class: "whole" },
    event.detail ? words(event) : null,
    nameOf(event) === "memories-recalled" ? memories(dataOf(event)) : null,
    event.prompt ? promptFacts(id, event.prompt) : null,
    h("dl", {}, known.map(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])),
    h("pre", { tabindex: 0 }, indented(event.event)),
  );
}

function words(event) {
  if (nameOf(event) !== "model-replied") return h("p", { class: "text" }, named(event.detail));
  const reply = h("div", { class: "text" });
  drawPassages(reply, spoken(event.detail));
  return reply;
}

/** Say what was recalled, and of each memory whether it is anybody's word. */
const memories = ({ memories: recalled = [] }) =>
  h(
    "ul",
    { class: "memories", "aria-label": "Memories" },
    recalled.map(({ subject, text, label }) =>
      h(
        "li",
        {},
        subject ? h("b", {}, subject) : null,
        h("span", {}, text),
        label?.trusted ? null : h("span", { class: "hint" }, "others may have written it"),
      ),
    ),
  );
