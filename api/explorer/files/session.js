// One session: its header, what it asks, its score, its timeline and its state; all of it at any version.

import { questionCard } from "./approvals.js";
import { h, icon, keyed, say, soon } from "./dom.js";
import { scoreView } from "./score.js";
import { stateView } from "./state.js";
import { ENDED, add, statusOf, tell } from "./story.js";
import { placed, timelineView } from "./timeline.js";
import { answerOf, listen } from "./voices.js";
import { ago, count, duration, moment } from "./words.js";

const EVENTS = `subscription Events($id: ID!, $after: Position) {
  sessionEvents(id: $id, after: $after) { position version type kind at actor title detail step call role event }
}`;

const MANY = 500;
const PATIENCE_MS = 250;
const READING = "Reading the events …";

/** Show a session until it is closed; `announce` says aloud what somebody waits for. */
export function sessionView(root, id, live, { fail, announce }) {
  let events = [];
  let version = null;
  let before = "";
  let due = 0;
  const head = header(id);
  const questions = h("div", { class: "questions" });
  const score = scoreView(go, (step) => timeline.toStep(step));
  const timeline = timelineView(id);
  const state = stateView(id, fail);
  const waiting = h("p", { class: "empty hint" });
  const columns = h("div", { class: "columns" }, timeline.root, state.root);
  const article = h("article", { class: "session" });
  root.replaceChildren(article);
  begin();

  /** Show nothing of a session before its first event. */
  function begin() {
    events = [];
    state.forget();
    say(waiting, READING);
    article.replaceChildren(waiting);
  }

  /** Take an event; where there are many, not each of them is drawn as it comes. */
  function heard({ sessionEvents: event }) {
    events = add(events, placed(event, events));
    due ||= setTimeout(drawDue, events.length > MANY ? PATIENCE_MS : 0);
  }

  function drawDue() {
    due = 0;
    draw();
  }

  const voices = listen(live, id, () => draw());

  const draw = soon(() => {
    if (!events.length || !article.isConnected) return;
    const follows = timeline.isFollowed();
    if (waiting.isConnected) article.replaceChildren(head.root, questions, score.root, columns);
    const now = tell(events);
    const then = version === null ? now : tell(events, version);
    const said = version === null ? voices.now(now) : [];
    head.show(then, now, answerOf(said));
    keyed(questions, now.asked, (each) => each.id, questionCard);
    score.show(events, then, version);
    timeline.show(events, then, version, { voices: said, follows });
    state.show(then.version);
    article.dataset.version = now.version;
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
    const keys = { ArrowLeft: -1, ArrowRight: 1, l: 0 };
    const field = event.target.closest?.("input, select, textarea, pre, dialog");
    const taken = field && (field.type !== "range" || event.key !== "l");
    if (taken || !(event.key in keys) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const newest = events.at(-1)?.version ?? 1;
    const step = keys[event.key];
    go(step ? Math.min(newest, Math.max(1, (version ?? newest) + step)) : null);
  }

  document.addEventListener("keydown", pressed);
  const from = () => ({ id, after: events.at(-1)?.position ?? null });
  const end = live.subscribe(EVENTS, from, heard, (problem, again) => {
    if (problem.code === "WRONG_LOG") {
      begin();
      again();
    } else if (events.length) fail(problem);
    else say(waiting, problem.message);
  });

  function close() {
    document.removeEventListener("keydown", pressed);
    end();
    voices.close();
  }
  return { show, close };
}

function header(id) {
  const mark = h("span", { class: "status" });
  const goal = h("h1", { class: "goal" });
  const meta = h("p", { class: "meta" });
  const outcome = h("p", { class: "outcome" });
  const past = h("p", { class: "past hint", hidden: true });
  const letters = h("p", { class: "given-up", hidden: true }, icon("failed"), h("a", { href: "#/dead-letters" }));
  const root = h("header", { class: "head" }, h("div", { class: "title" }, mark, goal), meta, outcome, letters, past);

  function show(then, now, answer) {
    const status = statusOf(then);
    if (mark.dataset.status !== status) {
      mark.dataset.status = status;
      mark.replaceChildren(icon(status), h("span", {}, status));
    }
    say(goal, now.goal);
    document.title = `${now.goal.slice(0, 60)} · Reprise`;
    meta.replaceChildren(...facts(id, then));
    say(outcome, then.outcome ?? answer);
    outcome.dataset.outcome = status;
    outcome.classList.toggle("growing", then.outcome === undefined && answer !== "");
    const open = then.letters.filter((letter) => letter.status === "open");
    letters.hidden = !open.length;
    say(letters.lastElementChild, `${count(open.length, "call")} given up: see the dead letters`);
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
    h("time", { datetime: story.startedAt, title: moment(story.startedAt) }, ago(story.startedAt)),
    story.finishedAt ? h("span", {}, `took ${duration(story.startedAt, story.finishedAt)}`) : "",
    h("span", {}, count(modelCalls, "model call")),
    h("span", {}, count(toolCalls, "tool call")),
    h("span", {}, count(tokens, "token")),
    h("span", {}, `${story.lane} lane`),
  ];
}
