// Dead letters: calls that were given up and wait for people.

import { h, icon, keyed, say } from "./dom.js";
import { indented } from "./json.js";
import { ask, write } from "./asking.js";
import { ago, count, moment, short } from "./words.js";

const LIST = `query Letters { deadLetters(status: "all", first: 100) {
  nodes { id sessionId step tool operation status reason attempts requestJson requestDigest deadLetteredAt decidedBy decisionReason }
} }`;

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
      keyed(list, deadLetters.nodes, (letter) => letter.id, (letter) => card(letter), refresh);
    } catch (fault) {
      fail(fault);
    }
  }
  load();
  return { load, about: /dead-letter/ };
}

function card(letter) {
  const reason = h("input", { name: "reason", autocomplete: "off", placeholder: "Why", "aria-label": "Reason", required: true });
  const told = h("p", { class: "told", role: "alert" });
  const button = (decision, words, kind) => h("button", { type: "button", class: kind, "data-decision": decision, onclick: () => decide(decision) }, words);

  async function decide(decision) {
    if (!reason.reportValidity()) return;
    told.textContent = "";
    try {
      await write(`/dead-letters/${encodeURIComponent(letter.id)}/${decision}`, { reason: reason.value.trim() });
    } catch (problem) {
      told.textContent = problem.message;
    }
  }

  return h(
    "li",
    { class: "letter", "data-id": letter.id },
    h("h2", {}, h("code", {}, letter.operation), h("span", { class: "hint" }, letter.tool), h("span", { class: "status" })),
    h("p", { class: "why" }),
    h(
      "p",
      { class: "meta" },
      h("a", { href: `#/sessions/${letter.sessionId}` }, `session ${short(letter.sessionId)}, step ${letter.step}`),
      h("span", { class: "sent" }),
      h("time", { datetime: letter.deadLetteredAt, title: moment(letter.deadLetteredAt) }, ago(letter.deadLetteredAt)),
    ),
    h("details", {}, h("summary", { class: "hint" }, "request ", h("code", { class: "digest" }, letter.requestDigest)), h("pre", { tabindex: 0 }, indented(letter.requestJson))),
    h("form", { onsubmit: (event) => event.preventDefault() }, reason, button("replay", "Replay", "main-button"), button("discard", "Discard", "")),
    told,
  );
}

const ICONS = { open: "failed", replaying: "running", resolved: "completed", discarded: "cancelled" };

/** Show how a letter stands now. */
function refresh(item, letter) {
  const mark = item.querySelector(".status");
  if (mark.dataset.status !== letter.status) {
    mark.dataset.status = letter.status;
    mark.replaceChildren(icon(ICONS[letter.status]), h("span", {}, letter.status));
  }
  const decided = letter.decidedBy && letter.status !== "open" ? ` — ${letter.decidedBy}: ${letter.decisionReason}` : "";
  say(item.querySelector(".why"), `${letter.reason}${decided}`);
  say(item.querySelector(".sent"), `sent ${count(letter.attempts, "time")}`);
  item.querySelector("form").hidden = letter.status !== "open";
}
