// The score: the plan as staves, one a step, every event a note on the version where it stands, and the playhead.

import { h, icon, keyed, s, say } from "./dom.js";
import { tone } from "./timeline.js";
import { stepIcon, stepWords } from "./words.js";

/** Draw the plan and the slider; `move` is told the version that is asked for, `pick` the step. */
export function scoreView(move, pick) {
  const staves = h("div", { class: "staves" });
  const slider = h("input", { type: "range", min: 1, max: 1, step: 1, "aria-label": "Version", oninput: () => move(slider.valueAsNumber) });
  const head = h("output", { class: "version" });
  const live = h("button", { type: "button", class: "live", onclick: () => move(null) }, "Live");
  const root = h(
    "section",
    { class: "score", "aria-label": "Plan and versions" },
    staves,
    h("div", { class: "transport" }, h("span", { class: "reading" }, head, live), slider),
  );

  function show(events, story, version) {
    const newest = events.at(-1)?.version ?? 1;
    const rows = [{ number: 0 }, ...story.steps];
    const at = place(version ?? newest, newest);
    keyed(staves, rows, (row) => row.number, (row) => stave(row, pick), (item, row) => tune(item, row, events, newest, at));
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
    ? h("button", { type: "button", class: "step-label", onclick: () => pick(row.number) })
    : h("span", { class: "step-label" });
  label.append(h("span", { class: "status" }), h("span", { class: "goal" }), h("span", { class: "doing" }));
  const notes = s("svg", { class: "notes", "aria-hidden": "true" }, s("g", {}), s("rect", { class: "veil", y: "-5%", height: "110%" }), s("line", { class: "playhead", y1: "-5%", y2: "105%" }));
  return h("div", { class: "stave" }, label, notes);
}

function tune(item, row, events, newest, at) {
  const mark = item.querySelector(".status");
  const name = row.number ? stepIcon(row.state) : "reprise";
  if (mark.dataset.status !== name) {
    mark.dataset.status = name;
    mark.replaceChildren(icon(name));
  }
  say(item.querySelector(".goal"), row.number ? `${row.number}. ${row.goal}` : "Session");
  say(item.querySelector(".doing"), row.number ? `${stepWords(row)}${row.round > 1 ? `, round ${row.round}` : ""}` : "");
  write(item.querySelector(".notes"), events.filter((event) => event.lane === row.number), newest, at);
}

/** Write the notes of a stave where there are new ones, and draw the playhead with a veil over what comes behind it. */
function write(notes, events, newest, at) {
  const [held, veil, playhead] = notes.children;
  veil.setAttribute("x", `${100 * at}%`);
  veil.setAttribute("width", `${100 - 100 * at}%`);
  playhead.setAttribute("x1", `${100 * at}%`);
  playhead.setAttribute("x2", `${100 * at}%`);
  if (held.dataset.drawn === `${events.length}/${newest}`) return;
  held.dataset.drawn = `${events.length}/${newest}`;
  held.replaceChildren(...events.map((event) => note(event, newest)));
}

/** Draw a fact as a dot, a consequence as a stroke, and bookkeeping small. */
function note(event, newest) {
  const x = `${100 * place(event.version, newest)}%`;
  const props = { class: `note ${tone(event)}${event.quiet ? " quiet" : ""}` };
  return event.kind === "fact"
    ? s("circle", { ...props, cx: x, cy: "50%", r: event.quiet ? 1.5 : 3.2 })
    : s("line", { ...props, x1: x, x2: x, y1: event.quiet ? "42%" : "28%", y2: event.quiet ? "58%" : "72%" });
}
