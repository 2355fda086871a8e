// The page: which view the address names, the connection, the theme, and the token where one is asked for.

import { byId, h, say } from "./dom.js";
import { lettersView } from "./letters.js";
import { sessionView } from "./session.js";
import { beginning, choosing, sessionList } from "./sessions.js";
import { token } from "./asking.js";
import { Live } from "./live.js";

const WORDS = { connecting: "connecting", live: "connected", reconnecting: "reconnecting", locked: "no valid token" };
const THEMES = ["system", "light", "dark"];
const main = byId("main");
const live = new Live(connection);
let view = null;
let letters = null;
let none = false;
let begun = null;

const list = sessionList(byId("sessions"), live, {
  fail,
  letters: () => letters?.load(),
  empty(nothing) {
    if (none === nothing) return;
    none = nothing;
    if (document.body.dataset.page === "sessions") route();
  },
});

/** Show what the address names. */
function route() {
  const [, id, version] = /^#\/sessions\/([0-9a-f-]{36})(?:@(\d+))?$/.exec(location.hash) ?? [];
  const page = id ? "session" : location.hash === "#/dead-letters" ? "letters" : "sessions";
  document.body.dataset.page = page;
  byId("to-letters").toggleAttribute("aria-current", page === "letters");
  byId("to-sessions").toggleAttribute("aria-current", page !== "letters");
  if (view && view.id !== id) {
    view.close();
    view = null;
  }
  letters = null;
  if (page === "session") {
    view ??= sessionView(main, id, live, { fail, announce: (words) => say(byId("said"), words) });
    view.show(version ? Number(version) : null);
  } else {
    document.title = "Reprise";
    if (page === "letters") letters = lettersView(main, fail);
    else main.replaceChildren(none ? beginning() : choosing());
  }
}

/** Say what the connection does; what is no subscription is read again behind a new one. */
function connection(state) {
  const shown = byId("connection");
  const was = shown.dataset.state;
  shown.dataset.state = state;
  say(shown, WORDS[state]);
  document.body.classList.toggle("locked", state === "locked");
  if (state === "locked") askForToken();
  if (state !== "live" || was === "live") return;
  byId("problem")?.remove();
  letters?.load();
  if (!begun) begun = list.begin();
}

/** Say what went wrong, above what is shown. */
function fail(problem) {
  if (problem.needsToken) return askForToken();
  byId("problem")?.remove();
  const dismiss = h("button", { type: "button", class: "quiet-button", onclick: () => byId("problem").remove() }, "Dismiss");
  main.before(h("p", { id: "problem", role: "alert" }, problem.message, dismiss));
}

byId("connection").addEventListener("click", () => byId("connection").dataset.state === "locked" && askForToken());

function askForToken() {
  const dialog = byId("token");
  if (!dialog.open) dialog.showModal();
}

byId("token").addEventListener("submit", (event) => {
  event.preventDefault();
  token.set(event.target.elements.token.value.trim());
  event.target.reset();
  byId("token").close();
  live.connect();
});

byId("theme").addEventListener("click", () => {
  const now = document.documentElement.dataset.theme;
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  document.documentElement.dataset.theme = next;
  localStorage.setItem("reprise.theme", next);
  nameTheme();
});

function nameTheme() {
  const theme = document.documentElement.dataset.theme;
  byId("theme").setAttribute("aria-label", `Theme: ${theme}. Change it.`);
  say(byId("theme").querySelector("span"), theme);
}

addEventListener("hashchange", route);
nameTheme();
route();
live.connect();
