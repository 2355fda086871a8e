// What a session asks of people: exactly the request, and the answers there are.

import { h, icon } from "./dom.js";
import { indented } from "./json.js";
import { write } from "./asking.js";
import { moment } from "./words.js";

const ANSWERS = {
  call: [
    ["approve", "Approve", "main-button"],
    ["deny", "Deny", ""],
  ],
  outcome: [
    ["happened", "It happened", "main-button"],
    ["send-again", "Send it again", ""],
    ["give-up", "Give it up", ""],
  ],
};
const TITLES = { call: "May this be sent?", outcome: "Did this happen?" };

/** Draw one open question. */
export function questionCard(question) {
  const reason = h("input", { name: "reason", autocomplete: "off", placeholder: "Why (kept with the decision)", "aria-label": "Reason" });
  const told = h("p", { class: "told", role: "alert" });
  const buttons = ANSWERS[question.kind].map(([decision, words, kind]) =>
    h("button", { type: "button", class: kind, "data-decision": decision, onclick: () => decide(decision) }, words),
  );

  async function decide(decision) {
    buttons.forEach((button) => (button.disabled = true));
    told.textContent = "";
    try {
      const body = { decision, reason: reason.value.trim() };
      await write(`/approvals/${encodeURIComponent(question.id)}`, body, { "If-Match": `"${question.digest}"` });
      told.textContent = "Recorded.";
    } catch (problem) {
      told.textContent = problem.message;
      buttons.forEach((button) => (button.disabled = false));
    }
  }

  return h(
    "section",
    { class: "question", "aria-label": TITLES[question.kind], "data-approval": question.id },
    h("h2", {}, icon("waiting"), `${TITLES[question.kind]} Step ${question.step}`),
    question.goal ? h("p", {}, h("a", { href: `#/sessions/${question.session}` }, question.goal)) : null,
    h("p", { class: "operation" }, h("code", {}, question.operation), h("span", { class: "hint" }, question.tool)),
    h("p", { class: "why" }, question.reason, question.rules.map((rule) => h("code", { class: "rule" }, rule))),
    h("pre", { tabindex: 0, "aria-label": "Arguments" }, question.arguments === undefined ? "" : indented(question.arguments)),
    h("p", { class: "hint" }, "request ", h("code", { class: "digest" }, question.digest), expiry(question)),
    h("form", { onsubmit: (event) => event.preventDefault() }, reason, buttons),
    told,
  );
}

const expiry = ({ expiresAt }) =>
  expiresAt ? h("time", { datetime: expiresAt }, `, asked until ${moment(expiresAt)}`) : null;
