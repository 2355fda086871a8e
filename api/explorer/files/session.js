// One session: its header, what it asks, its score, its timeline and its state; all of it at any version.

import { questionCard } from "./approvals.js";
import { h, icon, keyed, say, soon } from "./dom.js";
import { scoreView } from "./score.js";
import { stateView } from "./state.js";
import { ENDED, add, statusOf, tell } from "./story.js";
import { placed, timelineView } from "./timeline.js";
import { age, count, duration, moment } from "./words.js";

const EVENTS = `subscription Events($id: ID!, $after: Position) {
  sessionEvents(id: $id, after: $after) { position version type kind at actor title detail step call role event }
}`;

/** Show a session until it is closed; `announce` says aloud what somebody waits for. */
export function sessionView(root, id, live, { fail, announce }) {
  let events = [];
  let version = null;
  let before = "";
  const head = header(id);
  const questions = h("div", { class: "questions" });
  const score = scoreView(go, (step) => timeline.toStep(step));
  const timeline = timelineView(id);
  const state = stateView(id, fail);
  const waiting = h("p", { class: "empty hint" }, "Reading the events …");
  root.replaceChildren(
    h("article", { class: "session", "data-id": id }, head.root, questions, score.root, h("div", { class: "columns" }, timeline.root, state.root), waiting),
  );

  function heard({ sessionEvents: event }) {
    events = add(events, placed(event, events));
    draw();
  }

  const draw = soon(() => {
    if (!events.length) return;
    waiting.remove();
    const now = tell(events);
    const then = version === null ? now : tell(events, version);
    head.show(then, now);
    keyed(questions, now.asked, (each) => each.id, questionCard);
    score.show(events, then, version);
    timeline.show(events, then, version);
    state.show(then.version);
    root.firstElementChild.dataset.version = now.version;
    speak(now);
  });

  /** Say a change of status aloud, once. */
  function speak(now) {
    const said = now.asked.length ? `Asks you: ${now.asked[0].operation}` : `Session ${statusOf(now)}`;
    if (said !== before && (before || ENDED.includes(now.stage) || now.asked.length)) announce(said);
    before = said;
  }

  /** Ask for a version, or with null for now; the address says where one is. */
  function go(asked) {
    history.replaceState(null, "", `#/sessions/${id}${asked === null ? "" : `@${asked}`}`);
    show(asked);
  }

  function show(asked) {
    version = asked;
    draw();
  }

  function pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest?.("input, select, textarea, pre, dialog")) return;
    const newest = events.at(-1)?.version ?? 1;
    const at = version ?? newest;
    if (event.key === "ArrowLeft") go(Math.max(1, at - 1));
    else if (event.key === "ArrowRight") go(Math.min(newest, at + 1));
    else if (event.key === "l") go(null);
    else return;
    event.preventDefault();
  }

  document.addEventListener("keydown", pressed);
  const end = live.subscribe(EVENTS, () => ({ id, after: events.at(-1)?.position ?? null }), heard, (problem, again) => {
    if (problem.code !== "WRONG_LOG") return fail(problem);
    events = [];
    again();
  });

  function close() {
    document.removeEventListener("keydown", pressed);
    end();
  }
  return { id, show, close };
}

function header(id) {
  const mark = h("span", { class: "status" });
  const goal = h("h1", { class: "goal" });
  const meta = h("p", { class: "meta" });
  const outcome = h("p", { class: "outcome" });
  const past = h("p", { class: "past hint", hidden: true });
  const root = h("header", { class: "head" }, h("div", { class: "title" }, mark, goal), meta, outcome, past);

  function show(then, now) {
    const status = statusOf(then);
    if (mark.dataset.status !== status) {
      mark.dataset.status = status;
      mark.replaceChildren(icon(status), h("span", {}, status));
    }
    say(goal, now.goal);
    document.title = `${now.goal.slice(0, 60)} · Reprise`;
    meta.replaceChildren(...facts(id, then));
    say(outcome, then.outcome ?? "");
    past.hidden = then.version === now.version;
    say(past, `As it was at version ${then.version} of ${now.version}.`);
  }
  return { root, show };
}

function facts(id, story) {
  const { modelCalls, toolCalls, tokens } = story.spent;
  return [
    h("code", { class: "id" }, id),
    h("span", {}, `by ${story.user}`),
    h("time", { datetime: story.startedAt, title: moment(story.startedAt) }, `${age(story.startedAt)}${age(story.startedAt) === "now" ? "" : " ago"}`),
    story.finishedAt ? h("span", {}, `took ${duration(story.startedAt, story.finishedAt)}`) : "",
    h("span", {}, count(modelCalls, "model call")),
    h("span", {}, count(toolCalls, "tool call")),
    h("span", {}, count(tokens, "token")),
    h("span", {}, `${story.lane} lane`),
  ];
}
