// Dead letters: calls that were given up and wait for people.

import { h, icon, keyed } from "./dom.js";
import { ask } from "./asking.js";
import { age, moment } from "./words.js";

const LIST = `query Letters($status: String) {
  deadLetters(status: $status, first: 100) { nodes { id sessionId step tool operation status reason attempts requestDigest deadLetteredAt decidedBy decisionReason } }
}`;
const mutation = (name) => `mutation Decide($id: ID!, $reason: String!, $key: String!) {
  ${name}(id: $id, reason: $reason, idempotencyKey: $key) { id status }
}`;
const DECISIONS = { replay: mutation("replayDeadLetter"), discard: mutation("discardDeadLetter") };

/** Show the list of dead letters; call `load` when one has changed. */
export function lettersView(root, fail) {
  const list = h("ul", { class: "letters" });
  const none = h("p", { class: "empty hint", hidden: true }, "No call was given up.");
  root.replaceChildren(
    h("section", { class: "dead" }, h("h1", {}, "Dead letters"), h("p", { class: "hint" }, "Calls that were given up. Replaying sends exactly the same request under the same idempotency key."), list, none),
  );

  async function load() {
    try {
      const { deadLetters } = await ask(LIST);
      none.hidden = deadLetters.nodes.length > 0;
      keyed(list, deadLetters.nodes, (letter) => letter.id, (letter) => card(letter, load), refresh);
    } catch (fault) {
      fail(fault);
    }
  }
  load();
  return { load };
}

function card(letter, load) {
  const reason = h("input", { name: "reason", autocomplete: "off", placeholder: "Why", "aria-label": "Reason", required: true });
  const told = h("p", { class: "told", role: "alert" });
  const button = (decision, words, kind) => h("button", { type: "button", class: kind, "data-decision": decision, onclick: () => decide(decision) }, words);

  async function decide(decision) {
    if (!reason.reportValidity()) return;
    told.textContent = "";
    try {
      await ask(DECISIONS[decision], { id: letter.id, reason: reason.value.trim(), key: crypto.randomUUID() });
      load();
    } catch (problem) {
      told.textContent = problem.message;
    }
  }

  return h(
    "li",
    { class: "letter", "data-id": letter.id },
    h("h2", {}, h("span", { class: "status" }), h("code", {}, letter.operation), h("span", { class: "hint" }, letter.tool)),
    h("p", { class: "why" }, letter.reason),
    h("p", { class: "meta" }, h("a", { href: `#/sessions/${letter.sessionId}` }, `Session ${letter.sessionId.slice(0, 8)}, step ${letter.step}`), h("time", { datetime: letter.deadLetteredAt, title: moment(letter.deadLetteredAt) }, age(letter.deadLetteredAt)), h("code", { class: "digest" }, letter.requestDigest)),
    h("form", { onsubmit: (event) => event.preventDefault() }, reason, button("replay", "Replay", "main-button"), button("discard", "Discard", "")),
    told,
  );
}

const ICONS = { open: "failed", replaying: "running", resolved: "completed", discarded: "cancelled" };

function refresh(item, letter) {
  const mark = item.querySelector(".status");
  if (mark.dataset.status === letter.status) return;
  mark.dataset.status = letter.status;
  mark.replaceChildren(icon(ICONS[letter.status] ?? "failed"), h("span", {}, letter.status));
  item.querySelector("form").hidden = letter.status !== "open";
}

