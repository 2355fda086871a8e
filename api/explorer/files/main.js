// The page: which view the address names, the connection, the theme, and the token where one is asked for.

import { token } from "./asking.js";
import { button, byId, current, h, say } from "./dom.js";
import { lettersView } from "./letters.js";
import { Live } from "./live.js";
import { sessionView } from "./session.js";
import { beginning, sessionList } from "./sessions.js";
import { waitingView } from "./waiting.js";

const WORDS = { connecting: "connecting", live: "connected", reconnecting: "reconnecting", locked: "no valid token" };
const THEMES = ["system", "light", "dark"];

/** Be a view that needs nothing; `about` are the types of events behind which it is read again. */
const STILL = { about: /(?!)/, show() {}, load() {}, close() {} };

const main = byId("main");
const live = new Live(connection);
let view = { ...STILL, name: "" };
let isEmpty = false;

const list = sessionList(byId("sessions"), live, {
  fail,
  happened: (type) => view.about.test(type) && view.load(),
  empty(nothing) {
    isEmpty = nothing;
    route();
  },
});

/** Show what the address names. */
function route() {
  const [, id, version] = /^#\/sessions\/([0-9a-f-]{36})(?:@(\d+))?$/.exec(location.hash) ?? [];
  const page = id ? "session" : location.hash === "#/dead-letters" ? "letters" : "sessions";
  const name = id ?? (page === "sessions" && isEmpty ? "beginning" : page);
  if (view.name !== name) {
    view.close();
    document.title = "Reprise";
    document.body.dataset.page = page;
    current(byId("to-letters"), page === "letters");
    current(byId("to-sessions"), page !== "letters");
    view = { ...STILL, name, ...VIEWS[id ? "session" : name](id) };
  }
  view.show(version ? Math.max(1, Number(version)) : null);
}

const VIEWS = {
  session: (id) => sessionView(main, id, live, { fail, announce: (words) => say(byId("said"), words) }),
  letters: () => lettersView(main, fail),
  sessions: () => waitingView(main, fail),
  beginning: () => main.replaceChildren(beginning()),
};

/** Say what the connection does; what is no subscription is read again behind a new one. */
function connection(state, reason) {
  const shown = byId("connection");
  const was = shown.dataset.state;
  shown.dataset.state = state;
  say(shown, WORDS[state]);
  if (state === "locked") askForToken(reason);
  if (state !== "live" || was === "live") return;
  byId("problem")?.remove();
  view.load();
  list.begin();
}

/** Say what went wrong, above what is shown. */
function fail(problem) {
  if (problem.needsToken) return askForToken(problem.message);
  byId("problem")?.remove();
  const dismiss = button("Dismiss", () => byId("problem").remove(), { class: "quiet-button" });
  main.before(h("p", { id: "problem", role: "alert" }, problem.message, dismiss));
}

byId("connection").addEventListener("click", () => byId("connection").dataset.state === "locked" && askForToken());

function askForToken(reason) {
  const dialog = byId("token");
  if (reason) say(byId("token-why"), reason);
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
