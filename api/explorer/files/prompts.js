// What a model was asked: never stored, but derived from what the log says of it, and proved by its digest.

import { h } from "./dom.js";
import { dataOf, nameOf } from "./story.js";
import { count } from "./words.js";

const SHOWN = {
  "": "in full, for none is long",
  whole: "in full, however long",
  fields: "by the fields that the step names, to fit its limit",
  summary: "in outline, to fit its limit",
  window: "the last three only, to fit the limit",
};

/** Gather what the events before a reply say of the question that it answers. */
export function promptOf(event, earlier) {
  if (nameOf(event) !== "model-replied") return null;
  const { call, attempt, ...reply } = dataOf(event);
  const about = (name) => earlier.findLast((each) => nameOf(each) === name && dataOf(each).call === call);
  const [asked, claim] = [about("model-call-requested"), about("model-call-attempted")];
  return { ...reply, asked: asked ? dataOf(asked) : {}, claim: claim ? dataOf(claim) : {} };
}

/** Draw it as a list of facts, with where its text is to be had. */
export function promptFacts(id, { prompt_digest, tokens_in, tokens_out, latency_ms, asked, claim }) {
  const { strategy = "", prompt_tokens } = claim;
  const estimated = prompt_tokens ? `about ${count(prompt_tokens, "token")} by estimate` : "";
  const counted = tokens_in ? `${count(tokens_in, "token")} by the model's count` : "";
  const facts = {
    recipe: asked.recipe,
    question: [estimated, counted].filter(Boolean).join(", "),
    "earlier results": asked.purpose === "plan" ? "" : (SHOWN[strategy] ?? strategy),
    reply: tokens_out ? count(tokens_out, "token") : "",
    took: latency_ms ? `${(latency_ms / 1000).toFixed(1)} s` : "",
    digest: prompt_digest,
  };
  const known = Object.entries(facts).filter(([, value]) => value);
  return h(
    "section",
    { class: "prompt" },
    h("h4", {}, "What was asked"),
    h("dl", {}, known.map(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])),
    h("p", { class: "hint" }, "Its text: ", h("code", {}, `reprise prompts show ${id} ${asked.step ?? 0}`)),
  );
}
