// The state at a version: its digest, what that version changed, and the whole of it.

import { h, say } from "./dom.js";
import { inline, lines } from "./json.js";
import { ask } from "./asking.js";

const AT = `query At($id: ID!, $version: Int!) {
  session(id: $id) { stateAt(version: $version) { version schema digest state changes { op path before after } } }
}`;
const MOST_KEPT = 200;

const NOTHING = "Nothing: it is recorded, and changes no state.";

/** Draw the state; while one version is asked for, of all that are wanted meanwhile only the last is asked for next. */
export function stateView(id, fail) {
  const kept = new Map();
  let wanted = 0;
  let asking = false;
  const title = h("h2", {});
  const digest = h("code", { class: "digest", title: "SHA-256 of the state's canonical form" });
  const schema = h("span", { class: "hint" });
  const changes = h("ul", { class: "changes" });
  const state = h("pre", { class: "json", tabindex: 0, "aria-label": "The whole state" });
  const root = h(
    "section",
    { class: "state", "aria-label": "State", "aria-busy": "false" },
    h("div", { class: "heading" }, title, schema),
    digest,
    h("h3", {}, "What this version changed"),
    changes,
    h("h3", {}, "The whole state"),
    state,
  );

  function show(version) {
    if (!version || wanted === version) return;
    wanted = version;
    say(title, `State at ${version}`);
    if (kept.has(version)) return draw(kept.get(version));
    root.setAttribute("aria-busy", "true");
    if (!asking) load();
  }

  async function load() {
    asking = true;
    try {
      while (!kept.has(wanted)) {
        const version = wanted;
        const { session } = await ask(AT, { id, version });
        keep(version, session.stateAt);
      }
      draw(kept.get(wanted));
    } catch (fault) {
      wanted = 0;
      fail(fault);
    }
    asking = false;
  }

  function keep(version, found) {
    kept.set(version, found);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  }

  function draw(found) {
    root.dataset.version = found.version;
    root.setAttribute("aria-busy", "false");
    say(digest, found.digest);
    say(schema, found.schema);
    changes.replaceChildren(...found.changes.map(changed));
    if (!found.changes.length) changes.append(h("li", { class: "hint" }, NOTHING));
    state.replaceChildren(...drawn(found));
    const first = state.querySelector(".changed");
    if (first) state.scrollTop = first.offsetTop - state.clientHeight / 3;
  }

  /** Hold nothing of what was asked for: another log may have told it. */
  function forget() {
    kept.clear();
    wanted = 0;
  }

  return { root, show, forget };
}

function changed({ op, path, before, after }) {
  const was = op === "add" ? null : h("del", {}, inline(before));
  const is = op === "remove" ? null : h("ins", {}, inline(after));
  return h("li", {}, h("code", { class: "path" }, path || "/"), h("span", { class: "values" }, was, is));
}

function drawn({ state, changes }) {
  const paths = changes.map((each) => each.path).filter(Boolean);
  const isChanged = (path) => paths.some((each) => path === each || path.startsWith(`${each}/`));
  const drawLine = ({ path, text }) => h("span", { class: isChanged(path) ? "line changed" : "line" }, text);
  return [...lines(state)].map(drawLine);
}
