// What a session asks of people: exactly the request, and the answers there are.

import { write } from "./asking.js";
import { decisionForm } from "./deciding.js";
import { h, icon, named } from "./dom.js";
import { indented } from "./json.js";
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
  const path = `/approvals/${encodeURIComponent(question.id)}`;
  const seen = { "If-Match": `"${question.digest}"` };
  const request = question.arguments === undefined ? "" : indented(question.arguments);
  return h(
    "section",
    { class: "question", "aria-label": TITLES[question.kind], "data-approval": question.id },
    h("h2", {}, icon("waiting"), `${TITLES[question.kind]} Step ${question.step}`),
    question.goal ? h("p", {}, h("a", { href: `#/sessions/${question.session}` }, question.goal)) : null,
    h("p", { class: "operation" }, h("code", {}, question.operation), h("span", { class: "hint" }, question.tool)),
    h("p", { class: "why" }, named(question.reason), question.rules.map((rule) => h("code", { class: "rule" }, rule))),
    changed(question),
    h("pre", { tabindex: 0, "aria-label": "Arguments" }, request),
    h("p", { class: "hint" }, "request ", h("code", { class: "digest" }, question.digest), expiry(question)),
    proof(question),
    decisionForm(ANSWERS[question.kind], (decision, reason, key) => write(path, { decision, reason }, key, seen)),
  );
}

/** Say what is not as it was when this was asked before, a line each. */
const changed = ({ differences }) =>
  differences?.length
    ? h(
        "ul",
        { class: "differences", "aria-label": "Changed since it was asked before" },
        differences.map((each) =>
          h("li", {}, h("b", {}, each.field), " was ", value(each.before), ", is ", value(each.now)),
        ),
      )
    : null;

const value = (text) => h("code", {}, text ? short(text) : "nothing");
const short = (text) => (/^[0-9a-f]{24,}$/.test(text) ? text.slice(0, 12) : text);

/** Say what an answer is bound to, and what is demanded of whoever allows it. */
function proof({ proof: digest, demands }) {
  if (!digest) return null;
  const wanted = demands?.length ? `; demanded: ${demands.join(", ")}` : "";
  return h("p", { class: "hint" }, "proof ", h("code", { class: "proof" }, digest), wanted);
}

const expiry = ({ expiresAt }) =>
  expiresAt ? h("time", { datetime: expiresAt }, `, asked until ${moment(expiresAt)}`) : null;
