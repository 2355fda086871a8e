// Dead letters: calls that were given up and wait for people.

import { ask, write } from "./asking.js";
import { decisionForm } from "./deciding.js";
import { h, icon, keyed, say } from "./dom.js";
import { indented } from "./json.js";
import { ago, count, moment, short } from "./words.js";

/** Ask for those of each status by themselves: old ones that are closed must not hide new ones that are open. */
const LIST = `query Letters {
  open: deadLetters(status: "open", first: 100) { ...Page }
  replaying: deadLetters(status: "replaying", first: 100) { ...Page }
  resolved: deadLetters(status: "resolved", first: 100) { ...Page }
  discarded: deadLetters(status: "discarded", first: 100) { ...Page }
}
fragment Page on DeadLetterConnection { nodes {
  id sessionId step tool operation requestJson requestDigest
  status reason attempts deadLetteredAt decidedBy decisionReason
} pageInfo { hasNextPage } }`;
const CHOICES = [
  ["replay", "Replay", "main-button"],
  ["discard", "Discard", ""],
];
const ICONS = { open: "failed", replaying: "running", resolved: "completed", discarded: "cancelled" };
const MORE = "There are more than a hundred of one kind: `reprise dlq list --all` shows them.";
const ABOUT = "Calls that were given up. Replaying sends exactly the same request under the same idempotency key.";

/** Show the list of dead letters; call `load` when one has changed. */
export function lettersView(root, fail) {
  const list = h("ul", { class: "letters" });
  const none = h("p", { class: "empty hint", hidden: true }, "No call was given up.");
  const title = h("h1", {}, "Dead letters");
  const more = h("p", { class: "hint", hidden: true }, MORE);
  root.replaceChildren(h("section", { class: "dead" }, title, h("p", { class: "hint" }, ABOUT), list, more, none));

  let question = 0;

  async function load() {
    const asked = (question += 1);
    try {
      const pages = await ask(LIST);
      if (asked !== question) return;
      const letters = Object.values(pages).flatMap((page) => page.nodes);
      letters.sort((one, other) => (one.deadLetteredAt < other.deadLetteredAt ? -1 : 1));
      none.hidden = letters.length > 0;
      more.hidden = !Object.values(pages).some((page) => page.pageInfo.hasNextPage);
      keyed(list, letters, (letter) => letter.id, card, refresh);
    } catch (fault) {
      fail(fault);
    }
  }
  load();
  return { load, about: /dead-letter/ };
}

function card({ id, operation, tool, sessionId, step, deadLetteredAt, requestDigest, requestJson }) {
  const session = h("a", { href: `#/sessions/${sessionId}` }, `session ${short(sessionId)}, step ${step}`);
  const since = h("time", { datetime: deadLetteredAt, title: moment(deadLetteredAt) }, ago(deadLetteredAt));
  const request = h("summary", { class: "hint" }, "request ", h("code", { class: "digest" }, requestDigest));
  return h(
    "li",
    { class: "letter", "data-id": id },
    h("h2", {}, h("code", {}, operation), h("span", { class: "hint" }, tool), h("span", { class: "status" })),
    h("p", { class: "why" }),
    h("p", { class: "meta" }, session, h("span", { class: "sent" }), since),
    h("details", {}, request, h("pre", { tabindex: 0 }, indented(requestJson))),
    h("div", { class: "deciding" }),
  );
}

/** Show how a letter stands now; whenever it is open again, it can be decided again. */
function refresh(item, { id, status, reason, attempts, decidedBy, decisionReason }) {
  const mark = item.querySelector(".status");
  const standing = `${status} ${attempts}`;
  if (item.dataset.standing !== standing) {
    item.dataset.standing = standing;
    mark.dataset.status = status;
    mark.replaceChildren(icon(ICONS[status]), h("span", {}, status));
    const path = `/dead-letters/${encodeURIComponent(id)}`;
    const decide = (decision, why, key) => write(`${path}/${decision}`, { reason: why }, key);
    const closed = h("div", { class: "deciding" });
    const deciding = status === "open" ? decisionForm(CHOICES, decide, { required: true }) : closed;
    item.querySelector(".deciding").replaceWith(deciding);
  }
  const decided = decidedBy && status !== "open" ? ` — ${decidedBy}: ${decisionReason}` : "";
  say(item.querySelector(".why"), `${reason}${decided}`);
  say(item.querySelector(".sent"), count(attempts, "attempt"));
}
