// What waits for people, in whatever session: the page that is shown while no session is chosen.

import { questionCard } from "./approvals.js";
import { ask } from "./asking.js";
import { h, keyed } from "./dom.js";

const OPEN = `query Open { approvals(status: "open", first: 50) {
  nodes { id sessionId step question reason goal toolId operation requestJson requestDigest expiresAt
          rules demands proof differences { field before now } }
  pageInfo { hasNextPage }
} }`;

const MORE = "More wait behind these: they come up as these are answered.";
const NOTHING = "Nothing waits for you. Choose a session to see what it did, and why.";

/** Show the open questions of all sessions; call `load` when one may have come or gone. */
export function waitingView(root, fail) {
  const cards = h("div", { class: "questions" });
  const title = h("h1", { hidden: true }, "Waiting for you");
  const none = h("p", { class: "empty hint", hidden: true }, NOTHING);
  const more = h("p", { class: "hint", hidden: true }, MORE);
  root.replaceChildren(h("section", { class: "waiting" }, title, cards, more, none));
  let asking = null;
  let again = false;

  /** Ask now, and once more where something changed while that was asked. */
  async function load() {
    again = asking !== null;
    if (again) return;
    try {
      asking = ask(OPEN);
      const { approvals } = await asking;
      title.hidden = !approvals.nodes.length;
      none.hidden = !title.hidden;
      more.hidden = !approvals.pageInfo.hasNextPage;
      keyed(cards, approvals.nodes, (each) => each.id, (each) => questionCard(question(each)));
    } catch (fault) {
      fail(fault);
    }
    asking = null;
    if (again) load();
  }

  load();
  return { load, about: /approval|outcome|call-succeeded|completed|failed|cancelled/ };
}

const question = (approval) => ({
  id: approval.id,
  kind: approval.question,
  step: approval.step,
  digest: approval.requestDigest,
  reason: approval.reason,
  expiresAt: approval.expiresAt,
  tool: approval.toolId,
  operation: approval.operation,
  arguments: approval.requestJson,
  rules: approval.rules ?? [],
  demands: approval.demands ?? [],
  proof: approval.proof ?? "",
  differences: approval.differences ?? [],
  session: approval.sessionId,
  goal: approval.goal,
});
