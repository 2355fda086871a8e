// The timeline: every event in words, step by step; what it is about opens under it.

import { whole } from "./details.js";
import { current, h, keyed, named, say } from "./dom.js";
import { promptOf } from "./prompts.js";
import { isHeadline, spoken } from "./spoken.js";
import { ENDED, dataOf, nameOf, stepOf } from "./story.js";
import { drawVoices } from "./voices.js";
import { clock, moment, oneLine, stepWords } from "./words.js";

const QUIET = [
  "model-call-attempted",
  "budget-spent",
  "budget-reserved",
  "budget-released",
  "allotment-received",
  "allotment-returned",
  "model-call-requested",
  "result-checked",
];
const GOOD = ["step-accepted", "completed", "approval-granted", "call-succeeded", "dead-letter-resolved"];
const BAD = [
  "call-failed",
  "model-failed",
  "step-failed",
  "failed",
  "call-dead-lettered",
  "approval-denied",
  "approval-expired",
  "lease-lapsed",
  "call-expired",
  "time-ran-out",
];
const HELD = [
  "approval-requested",
  "call-deferred",
  "call-retry-scheduled",
  "model-retry-scheduled",
  "call-outcome-unknown",
  "rework-requested",
  "repair-requested",
  "replan-requested",
  "budget-short",
  "allotment-refused",
  "paused",
  "cancel-requested",
  "cancelled",
  "dead-letter-replayed",
];

/** Say of an event whether it is good, bad, holds the run up, or none of these. */
export function tone(event) {
  const name = nameOf(event);
  if (name === "verdict-reached") return { allow: "good", deny: "bad", ask: "held" }[dataOf(event).decision] ?? "";
  if (name === "content-filtered" && dataOf(event).decision === "deny") return "bad";
  if (GOOD.includes(name)) return "good";
  if (BAD.includes(name)) return "bad";
  return HELD.includes(name) ? "held" : "";
}

/** Add to an event whether it is bookkeeping, and its step: an approval's is its question's, a budget's its fact's. */
export function placed(event, earlier) {
  const data = dataOf(event);
  const asked = /-(call-\d+-\d+)$/.exec(data.approval ?? "")?.[1];
  const own = event.step || stepOf(event.call || asked);
  const lane = own || (nameOf(event) === "budget-spent" ? (earlier.at(-1)?.lane ?? 0) : 0);
  return { ...event, lane, quiet: QUIET.includes(nameOf(event)), prompt: promptOf(event, earlier) };
}

/** Draw the timeline; rows are only ever added, what changes is how they look. */
export function timelineView(id) {
  const chapters = h("div", { class: "chapters" });
  const all = h("input", { type: "checkbox", onchange: () => chapters.classList.toggle("all", all.checked) });
  let revealed = null;
  const root = h(
    "section",
    { class: "timeline", "aria-label": "Timeline", tabindex: -1 },
    h("div", { class: "heading" }, h("h2", {}, "Timeline"), h("label", { class: "hint" }, all, " bookkeeping too")),
    chapters,
  );

  /** Tell whether a reader looks at the newest event; what comes above may move it out of sight a moment later. */
  const isFollowed = () => !chapters.childElementCount || isAtEnd(root);

  function show(events, story, version, { voices, follows }) {
    const begun = chapters.childElementCount > 0;
    const following = version === null && follows && (begun || !ENDED.includes(story.stage));
    const refresh = (element, event) => {
      element.classList.toggle("future", version !== null && event.version > version);
      current(element, event.version === version, "true");
    };
    keyed(chapters, chaptersOf(events, story, voices), (row) => row.key, chapter, (item, row) => {
      say(item.querySelector(".doing"), row.step ? stepWords(row.step) : "");
      item.querySelector(".doing").dataset.state = row.step?.state ?? "";
      keyed(item.querySelector("ol"), row.events, (event) => event.position, (event) => line(id, event), refresh);
      drawVoices(item.querySelector(".voices"), row.voices);
    });
    if (following) root.scrollTop = root.scrollHeight;
    reveal(version);
  }

  /** Bring the version that one moved to into sight, once. */
  function reveal(version) {
    const row = version === revealed ? null : chapters.querySelector("[aria-current]");
    if (!row && version !== null) return;
    revealed = version;
    row?.scrollIntoView({ block: "nearest" });
  }

  const toStep = (step) => chapters.querySelector(`[data-step="${step}"]`)?.scrollIntoView({ block: "start" });
  return { root, show, toStep, isFollowed };
}

const isAtEnd = (element) => element.scrollHeight - element.scrollTop - element.clientHeight < 40;

function chaptersOf(events, story, voices) {
  const first = events.find((event) => event.lane)?.version ?? Infinity;
  const opening = events.filter((event) => !event.lane && event.version < first);
  const closing = events.filter((event) => !event.lane && event.version > first);
  const steps = [...new Set(events.map((event) => event.lane))].filter(Boolean).sort((one, other) => one - other);
  const speaking = (step, ...purposes) =>
    voices.filter((each) => each.step === step && (step || purposes.includes(each.purpose)));
  return [
    { key: "opening", title: "Goal and plan", events: opening, voices: speaking(0, "plan") },
    ...steps.map((step) => ({
      key: step,
      step: story.steps[step - 1],
      title: story.steps[step - 1]?.goal ?? "",
      events: events.filter((event) => event.lane === step),
      voices: speaking(step),
    })),
    { key: "closing", title: "Session", events: closing, voices: speaking(0, "replan") },
  ].filter((row) => row.events.length);
}

function chapter(row) {
  const number = row.step ? h("span", { class: "number" }, String(row.step.number)) : null;
  return h(
    "section",
    { class: "chapter", "data-step": row.step?.number },
    h("h3", {}, number, h("span", { class: "title" }, row.title), h("span", { class: "doing" })),
    h("ol", {}),
    h("div", { class: "voices" }),
  );
}

function line(id, event) {
  const row = h(
    "summary",
    {},
    h("a", { class: "at", href: `#/sessions/${id}@${event.version}`, title: "The state then" }, String(event.version)),
    h("time", { datetime: event.at, title: moment(event.at) }, clock(event.at, 3)),
    h("span", { class: "mark", role: "img", "aria-label": event.kind }, event.kind === "fact" ? "●" : "→"),
    h("span", { class: "words" }, h("b", {}, event.title), ...rules(event), detail(event)),
  );
  const details = h("details", {}, row);
  details.addEventListener("toggle", () => details.append(whole(id, event)), { once: true });
  const kinds = `event ${event.kind} ${tone(event)}${event.quiet ? " quiet" : ""}`;
  return h("li", { class: kinds, "data-version": event.version }, details);
}

const detail = (event) => (event.detail ? h("span", { class: "detail" }, named(oneLine(inWords(event)))) : null);

/** Say what a reply says; how it is written stands below it, when it is opened. */
function inWords(event) {
  if (nameOf(event) !== "model-replied") return event.detail;
  const values = spoken(event.detail);
  const labelled = ({ label, text }) => (isHeadline(label) ? text : `${label}: ${text}`);
  return values.length > 1 || values[0]?.label ? values.map(labelled).join(" · ") : event.detail;
}

/** Name the rules that determined a verdict. */
const rules = (event) => (dataOf(event).rules ?? []).map((rule) => h("code", { class: "rule" }, rule));
