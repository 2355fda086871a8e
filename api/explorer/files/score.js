// The score: the plan as staves, one a step, every event a note on the version where it stands, and the playhead.

import { button, h, icon, keyed, s, say } from "./dom.js";
import { tone } from "./timeline.js";
import { stepIcon, stepWords } from "./words.js";

/** More on a stave would stand on the same pixels: of those the one that matters most is drawn. */
const MOST_NOTES = 600;

/** Draw the plan and the slider; `move` is told the version that is asked for, `pick` the step. */
export function scoreView(move, pick) {
  const rows = h("div", {});
  const over = h("div", { class: "over" }, h("span", {}), h("div", { class: "veil" }));
  const staves = h("div", { class: "staves" }, rows, over);
  const slider = h("input", { type: "range", min: 1, max: 1, "aria-label": "Version" });
  slider.addEventListener("input", () => move(slider.valueAsNumber));
  const head = h("output", { class: "version" });
  const live = button("Live", () => move(null), { class: "live" });
  const root = h(
    "section",
    { class: "score", "aria-label": "Plan and versions" },
    staves,
    h("div", { class: "transport" }, h("span", { class: "reading" }, head, live), slider),
  );

  function show(events, story, version) {
    const newest = events.at(-1)?.version ?? 1;
    const all = [{ number: 0 }, ...story.steps];
    keyed(rows, all, (row) => row.number, (row) => stave(row, pick), (item, row) => tune(item, row, events, newest));
    over.style.setProperty("--at", `${100 * place(version ?? newest, newest)}%`);
    slider.max = newest;
    slider.value = version ?? newest;
    slider.setAttribute("aria-valuetext", `version ${slider.value} of ${newest}`);
    say(head, `${slider.value} / ${newest}`);
    live.disabled = version === null;
    live.setAttribute("aria-pressed", version === null);
  }

  return { root, show };
}

const place = (version, newest) => (newest > 1 ? Math.min(1, (version - 1) / (newest - 1)) : 0);

function stave(row, pick) {
  const label = row.number
    ? button("", () => pick(row.number), { class: "step-label" })
    : h("span", { class: "step-label" });
  label.append(h("span", { class: "status" }), h("span", { class: "goal" }), h("span", { class: "doing" }));
  return h("div", { class: "stave" }, label, s("svg", { class: "notes", "aria-hidden": "true" }));
}

function tune(item, row, events, newest) {
  const mark = item.querySelector(".status");
  const name = row.number ? stepIcon(row.state) : "reprise";
  if (mark.dataset.status !== name) {
    mark.dataset.status = name;
    mark.replaceChildren(icon(name));
  }
  say(item.querySelector(".goal"), row.number ? `${row.number}. ${row.goal}` : "Session");
  say(item.querySelector(".doing"), row.number ? stepWords(row) : "");
  const notes = item.querySelector(".notes");
  const mine = events.filter((event) => event.lane === row.number);
  if (notes.dataset.drawn === `${mine.length}/${newest}`) return;
  notes.dataset.drawn = `${mine.length}/${newest}`;
  notes.replaceChildren(...apart(mine, newest).map((event) => note(event, newest)));
}

/** Leave out what would stand under another note. */
function apart(events, newest) {
  if (newest <= MOST_NOTES) return events;
  const held = new Map();
  for (const event of events) {
    const x = Math.round(MOST_NOTES * place(event.version, newest));
    if (!held.has(x) || weight(event) > weight(held.get(x))) held.set(x, event);
  }
  return [...held.values()];
}

const weight = (event) => (tone(event) ? 2 : event.quiet ? 0 : 1);

/** Draw a fact as a dot, a consequence as a stroke, and bookkeeping small. */
function note(event, newest) {
  const x = `${100 * place(event.version, newest)}%`;
  const props = { class: `note ${tone(event)}${event.quiet ? " quiet" : ""}` };
  return event.kind === "fact"
    ? s("circle", { ...props, cx: x, cy: "50%", r: event.quiet ? 1.5 : 3.2 })
    : s("line", { ...props, x1: x, x2: x, y1: event.quiet ? "42%" : "28%", y2: event.quiet ? "58%" : "72%" });
}
