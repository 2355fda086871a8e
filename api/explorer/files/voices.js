// What models say while they say it. It is provisional, and gone as soon as the event of the reply is there.

import { h, icon, keyed } from "./dom.js";
import { drawPassages } from "./passages.js";
import { fragment, isHeadline, spoken } from "./spoken.js";
import { ENDED } from "./story.js";

const SAID = "subscription Said($id: ID!) { sessionSaid(id: $id) { call attempt missed text } }";
const MOST = 64 * 1024;
const DOING = {
  plan: "writes the plan",
  replan: "plans the rest anew",
  choose: "chooses what to do",
  repair: "repairs the arguments",
  review: "reviews the result",
};

/** Listen to a session until it has ended or is left; `changed` is called when there is more to show. */
export function listen(live, id, changed) {
  const heard = new Map();
  let end = null;

  function take({ sessionSaid: said }) {
    const known = heard.get(said.call);
    const goesOn = known?.attempt === said.attempt;
    if (known && known.attempt > said.attempt) return;
    const before = goesOn ? known.text : "";
    heard.set(said.call, {
      call: said.call,
      attempt: said.attempt,
      text: said.missed ? said.text : (before + said.text).slice(-MOST),
      broken: said.missed > 0 || (goesOn && known.broken),
    });
    changed();
  }

  /** Return what is being said in answer to the questions that are open. */
  function now(story) {
    const ended = ENDED.includes(story.stage);
    // Where nobody can hear it, the events tell all of it a moment later: that is no problem to be shown.
    if (!ended && !end) end = live.subscribe(SAID, () => ({ id }), take, () => {});
    if (ended) close();
    for (const { call, over } of story.questions) if (heard.get(call)?.attempt <= over) heard.delete(call);
    return story.questions.filter(({ call }) => heard.has(call)).map((each) => ({ ...each, ...heard.get(each.call) }));
  }

  function close() {
    end?.();
    end = () => {};
    heard.clear();
  }
  return { now, close };
}

/** Return the answer as far as it is written, with what is lost of it as dots; nothing where none is being written. */
export function answerOf(voices) {
  const voice = voices.find((each) => each.purpose === "answer");
  if (!voice) return "";
  const values = voice.broken ? fragment(voice.text) : spoken(voice.text);
  return (voice.broken ? "… " : "") + (values.find((each) => isHeadline(each.label))?.text ?? "");
}

/** Draw the voices of a chapter below its events. */
export const drawVoices = (element, voices) => keyed(element, voices, (each) => each.call, voice, speak);

function voice({ agent, purpose, call }) {
  const who = h("p", { class: "who" }, h("b", {}, agent), ` ${DOING[purpose] ?? "speaks"} …`);
  const mark = h("span", { class: "mark" }, icon("running"));
  return h(
    "div",
    { class: "voice", "data-call": call },
    h("span", { class: "now" }, "now"),
    mark,
    h("div", {}, who, h("div", { class: "speech" })),
  );
}

function speak(element, { text, broken }) {
  const speech = element.querySelector(".speech");
  const values = broken ? fragment(text) : spoken(text);
  element.classList.toggle("broken", broken);
  const follows = speech.scrollHeight - speech.scrollTop - speech.clientHeight < 30;
  drawPassages(speech, values);
  if (follows) speech.scrollTop = speech.scrollHeight;
}
