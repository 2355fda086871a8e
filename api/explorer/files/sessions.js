// The list of sessions: what is there, and each change as it happens.

import { ask } from "./asking.js";
import { button, current, form, h, icon, keyed, say, soon } from "./dom.js";
import { age, moment, short } from "./words.js";

const STATUSES = ["queued", "running", "waiting", "paused", "completed", "failed", "cancelled"];
const PAGE = 50;
const AGAIN_MS = 2_500;
const MOST = 1_000;
const ROW = "id goal status userId createdAt updatedAt version position";
const LIST = `query Sessions($filter: SessionFilter, $first: Int!, $after: String) {
  sessions(filter: $filter, first: $first, after: $after) {
    nodes { ${ROW} }
    pageInfo { hasNextPage endCursor }
  }
}`;
const REACHED = "query Reached { projections { name position } }";
const CHANGED = `subscription Changed($after: Position) {
  sessionsChanged(after: $after) { position sessionId type session { ${ROW} } }
}`;

/**
 * Show the list and keep it; `fail` is told what went wrong, `empty` whether there is no session at all,
 * `happened` the type of each event.
 */
export function sessionList(root, live, { fail, empty, happened }) {
  let rows = new Map();
  let next = null;
  let position = null;
  let question = 0;
  let begun = false;

  const text = h("input", { type: "search", placeholder: "Find in goals", "aria-label": "Find in goals" });
  const status = h("select", { "aria-label": "Status" }, h("option", { value: "" }, "every status"));
  status.append(...STATUSES.map((each) => h("option", { value: each }, each)));
  const list = h("ul", { class: "sessions" });
  const note = h("p", { class: "hint" }, "Reading the sessions …");
  const more = button("Show more", () => load(next), { class: "quiet-button", hidden: true });
  root.append(form({ class: "filter", role: "search" }, text, status), list, note, more);

  const filtered = () => text.value.trim() !== "" || status.value !== "";
  const matches = (row) =>
    (!status.value || row.status === status.value) && row.goal.toLowerCase().includes(text.value.trim().toLowerCase());

  async function load(after = null) {
    const asked = (question += 1);
    const filter = { status: status.value || null, text: text.value.trim() || null };
    try {
      const { sessions } = await ask(LIST, { filter, first: PAGE, after });
      if (asked !== question) return;
      if (!after) rows = new Map();
      sessions.nodes.forEach(keep);
      next = sessions.pageInfo.hasNextPage ? sessions.pageInfo.endCursor : null;
      more.hidden = !next || rows.size >= MOST;
      empty(!filtered() && rows.size === 0);
      draw();
    } catch (fault) {
      fail(fault);
    }
  }

  function keep(row) {
    const known = rows.get(row.id);
    if (!known || known.version <= row.version) rows.set(row.id, row);
  }

  function changed({ sessionsChanged: change }) {
    position = change.position;
    if (change.session) keep(change.session);
    if (rows.size) empty(false);
    happened(change.type);
    draw();
  }

  const draw = soon(() => {
    const newest = [...rows.values()].sort((one, other) => (one.createdAt < other.createdAt ? 1 : -1)).slice(0, MOST);
    if (rows.size > MOST) rows = new Map(newest.map((row) => [row.id, row]));
    const shown = newest.filter(matches);
    keyed(list, shown, (row) => row.id, make, change);
    say(note, !shown.length && filtered() ? "No session matches." : "");
    mark();
  });

  function mark() {
    const id = /^#\/sessions\/([0-9a-f-]+)/.exec(location.hash)?.[1];
    for (const link of list.querySelectorAll("a")) current(link, link.dataset.id === id);
  }

  let typing = 0;
  text.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(load, 200);
  });
  status.addEventListener("change", () => load());
  addEventListener("hashchange", mark);
  setInterval(draw, 20_000);

  /** Hear changes from where the list is about to be read, so that none falls between the two. */
  async function begin() {
    if (begun) return;
    begun = true;
    try {
      const { projections } = await ask(REACHED);
      position = projections.find((each) => each.name === "sessions").position;
      live.subscribe(CHANGED, () => ({ after: position }), changed, ended);
      load();
    } catch (fault) {
      begun = false;
      fail(fault);
      if (!fault.needsToken) setTimeout(begin, AGAIN_MS);
    }
  }

  function ended(problem) {
    if (problem.code !== "WRONG_LOG") return fail(problem);
    begun = false;
    begin();
  }

  return { begin, load };
}

function make(row) {
  const link = h("a", { href: `#/sessions/${row.id}`, "data-id": row.id });
  const since = h("time", { datetime: row.createdAt, title: moment(row.createdAt) });
  link.append(
    h("span", { class: "status" }),
    h("span", { class: "goal" }, row.goal),
    h("span", { class: "meta" }, h("span", { class: "word" }), since),
    h("code", { class: "id", title: row.id }, short(row.id)),
  );
  return h("li", {}, link);
}

function change(item, row) {
  const mark = item.querySelector(".status");
  if (mark.dataset.status !== row.status) {
    mark.dataset.status = row.status;
    mark.replaceChildren(icon(row.status));
  }
  say(item.querySelector(".word"), row.status);
  say(item.querySelector("time"), age(row.createdAt));
}

/** Say how to start a session, where there is none. */
export const beginning = () =>
  h(
    "section",
    { class: "empty" },
    h("h1", {}, "No session yet"),
    h("p", {}, "A session is one run of one goal. Register an API, then say what you want done:"),
    h(
      "pre",
      {},
      h("code", {}, "reprise tools add openapi.json --name mine --base-url https://api.example.com\n"),
      h("code", {}, 'reprise orchestrate "what you want done" --wait'),
    ),
    h("p", {}, "Or watch the sample goal, which asks you twice:"),
    h("pre", {}, h("code", {}, "reprise up --demo")),
    h("p", { class: "hint" }, "It shows up here by itself."),
  );
