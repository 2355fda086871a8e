// Say times, ages and statuses, each in one place.

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
];

/** Say how long ago something was: "12 min". */
export function age(at, now = Date.now()) {
  const seconds = Math.max(0, (now - Date.parse(at)) / 1000);
  const unit = UNITS.find(([size]) => seconds >= size);
  return unit ? `${Math.floor(seconds / unit[0])} ${unit[1]}` : "now";
}

/** Say how long ago something was, in a sentence: "12 min ago". */
export function ago(at) {
  const words = age(at);
  return words === "now" ? words : `${words} ago`;
}

/** Say the time of day, to the millisecond where asked. */
export function clock(at, digits = 0) {
  if (!at) return "";
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  return new Date(at).toLocaleTimeString("en-GB", digits ? { ...time, fractionalSecondDigits: digits } : time);
}

/** Say a whole time, for a tooltip. */
export const moment = (at) => (at ? new Date(at).toLocaleString() : "");

/** Say how long something took. */
export function duration(from, to) {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds >= 3600) return `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** Count things: "1 call", "2 calls". */
export const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** Shorten an id to what tells it from others on a screen. */
export const short = (id) => id.slice(0, 8);

/** Put what may be long on one line, each line of it as a sentence where it reads as one. */
export const oneLine = (text, most = 600) => {
  const joined = text.trim().replace(/(?<=\w)\s*\n\s*/g, ". ").replace(/\s+/g, " ");
  return joined.length > most ? `${joined.slice(0, most - 1)}…` : joined;
};

/** Say what a step is doing, and in which round. */
export const stepWords = (step) => `${doing(step)}${step.round > 1 ? `, round ${step.round}` : ""}`;

function doing(step) {
  const attempt = step.attempts.length > 1 ? `, attempt ${step.attempts.length}` : "";
  switch (step.state) {
    case "pending":
      return step.after.length ? `after ${step.after.join(", ")}` : "to come";
    case "calling":
      return `calling${attempt}`;
    case "retrying":
      return `again at ${clock(step.wait.at)}${attempt && `, attempt ${step.attempts.length + 1}`}`;
    case "deferred":
      return `waits until ${clock(step.wait.at)}`;
    case "asking":
      return "asks you";
    case "unknown":
      return "unanswered, asks you";
    default:
      return step.state;
  }
}

/** Name the mark of a step's state. */
export const stepIcon = (state) => STEP_ICONS[state] ?? "running";

const STEP_ICONS = {
  pending: "queued",
  asking: "waiting",
  unknown: "waiting",
  retrying: "later",
  deferred: "later",
  accepted: "completed",
  failed: "failed",
  cancelled: "cancelled",
};
