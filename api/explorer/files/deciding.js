// Ask a person for a decision and why.

import { button, form, h } from "./dom.js";

/**
 * Offer choices, each `[decision, words, class]`, with room for a reason.
 * `decide` gets the decision, the reason and a key: the same for the same answer, so that a repeat is one write.
 */
export function decisionForm(choices, decide, { required = false } = {}) {
  const reason = h("input", { autocomplete: "off", placeholder: "Why", "aria-label": "Reason", required });
  const told = h("p", { class: "told", role: "alert" });
  const keys = new Map();
  const buttons = choices.map(([decision, words, kind]) =>
    button(words, () => run(decision), { class: kind, "data-decision": decision }),
  );

  async function run(decision) {
    if (!reason.reportValidity()) return;
    const why = reason.value.trim();
    const answer = JSON.stringify([decision, why]);
    if (!keys.has(answer)) keys.set(answer, crypto.randomUUID());
    buttons.forEach((each) => (each.disabled = true));
    told.textContent = "";
    try {
      await decide(decision, why, keys.get(answer));
      told.textContent = "Recorded.";
    } catch (problem) {
      told.textContent = problem.message;
      buttons.forEach((each) => (each.disabled = false));
    }
  }

  return h("div", { class: "deciding" }, form({}, reason, buttons), told);
}
