"""Somebody watches a goal in the browser, answers what it asks, and looks at every version of it afterwards."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from domain.replay import replay_state, state_digest
from ops.sample.demo import GOAL
from tests.end_to_end.program import PROGRAM, reprise, started
from tests.explorer.conftest import SECONDS, Open, Served, broken_off, up, versions

HOSTILE = """<img src=x onerror="document.title='gone'"><script>alert(1)</script> Order two blue mugs"""
CONTRAST = """(pairs) => {
  const drawn = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (name) => {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = `var(${name})`;
    drawn.fillStyle = getComputedStyle(probe).color;
    probe.remove();
    drawn.fillRect(0, 0, 1, 1);
    const linear = [...drawn.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map((each) => each / 255).map((each) => (each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  return pairs.map(([one, other]) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return [`${one} on ${other}`, (high + 0.05) / (low + 0.05)];
  });
}"""
SLIDE = """async (versions) => {
  const [state, slider] = [".state", "input[type=range]"].map((each) => document.querySelector(each));
  const shown = (version) => new Promise((done, fail) => {
    setTimeout(() => fail(new Error(`version ${version} was not shown`)), 60_000);
    const look = () => {
      if (Number(state.dataset.version) === version && state.ariaBusy === "false") done(observer.disconnect());
    };
    const observer = new MutationObserver(look);
    observer.observe(state, { attributes: true });
    look();
  });
  const found = [];
  for (const version of versions) {
    slider.value = version;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await shown(version);
    found.push([version, state.querySelector(".digest").textContent]);
  }
  return found;
}"""
"""Moves the slider to each version, and waits until the state of just that one is shown."""
EVERY = "REPRISE_EVERY_VERSION"
"""Set it to move to every version, not to each fourth."""
INKS = ("--ink", "--soft", "--accent", "--good", "--bad", "--held")
PAPERS = ("--paper", "--card", "--well")


MAIL = "mia.faux@mail.example.org"
RESULT = "It goes well, as far as anybody can tell from here, and nothing speaks against that it goes on like this."
ANSWER = f"It goes well; who wants to know more of it writes to {MAIL}, and gets an answer within a day or two."
SLOW: list[dict[str, Any]] = [
    {"purpose": "plan", "reply": {"steps": [{"goal": "Look how it goes"}]}, "pause_ms": 200},
    {"purpose": "choose", "reply": {"result": RESULT}, "pause_ms": 100},
    {"purpose": "review", "reply": {"verdict": "accept", "reason": RESULT}, "pause_ms": 100},
    {"purpose": "answer", "reply": {"answer": ANSWER}, "pause_ms": 100},
]
WRITE_DOWN = """() => {
  window.seen = [];
  const note = (...said) => JSON.stringify(window.seen.at(-1)) === JSON.stringify(said) || window.seen.push(said);
  new MutationObserver(() => {
    for (const each of document.querySelectorAll(".voice")) {
      note(each.dataset.call, each.closest(".chapter").dataset.step, each.querySelector(".speech").innerText.trim());
    }
    const answer = document.querySelector(".outcome.growing");
    if (answer) note("answer", null, answer.textContent);
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}"""
"""Writes down whatever is shown of what models say, with the step that it stands in."""


@pytest.fixture(scope="module")
def slow() -> Iterator[str]:
    """Serve a model that speaks slowly; give its name."""
    with TemporaryDirectory(prefix="reprise-slow-") as folder:
        Path(folder, "script.json").write_text(json.dumps({"replies": SLOW}))
        words: list[str | Path] = [PROGRAM, "serve", "script", "script.json"]
        with started(words, Path(folder), "openai:scripted@http://127.0.0.1:") as (_, line):
            yield line.strip()


@pytest.fixture(scope="module")
def served(slow: str) -> Iterator[Served]:
    """Run `up --demo`, whose goal waits for people."""
    with up("--demo", REPRISE_MODELS=slow) as served:
        yield served


@pytest.fixture
def demo(served: Served) -> str:
    """Give the session of the demo's goal, which begins once its shop is there."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        for each in served.get("/sessions")["sessions"]:
            if each["goal"] == GOAL:
                return str(each["id"])
        time.sleep(0.05)
    raise AssertionError("the demo's goal did not begin")


def state_at(page: Page, version: int) -> str:
    """Wait until the state of a version is shown; give its digest."""
    page.wait_for_selector(f'.state[data-version="{version}"][aria-busy="false"]')
    return page.locator(".state .digest").inner_text()


def test_a_goal_is_watched_live_and_both_its_questions_are_approved_from_the_page(
    served: Served, demo: str, open_page: Open
) -> None:
    with open_page(f"{served.url}/explorer") as page:
        page.locator(".sessions").get_by_role("link", name=GOAL).click()
        for step, operation in ((2, "POST /orders"), (3, "POST /orders/{orderId}/shipments")):
            approval = f"{demo}-call-{step}-1"
            card = page.locator(f'[data-approval="{approval}"]')
            expect(card.locator(".operation code")).to_have_text(operation)
            newest = served.get(f"/sessions/{demo}/events?limit=500")["events"][-1]["position"]
            asked = served.get(f"/approvals/{approval}?after={newest}")
            expect(card.locator(".digest")).to_have_text(asked["requestDigest"])
            expect(card.locator(".proof")).to_have_text(asked["proof"])
            assert json.loads(card.locator("pre").inner_text()) == asked["requestJson"]
            card.get_by_label("Reason").fill("two mugs are fine")
            card.get_by_role("button", name="Approve").click()
            expect(card).to_have_count(0)
        expect(page.locator(".head .status")).to_have_text("completed")
        expect(page.locator(".outcome")).to_contain_text("Two blue mugs were ordered for customer 7")
        expect(page.locator(".outcome")).to_contain_text(
            "It draws on what others may have written; sources: create_order"
        )
        expect(page.locator(".sessions a .word")).to_have_text("completed")
        length = len(served.rows(demo))
        expect(page.locator("article.session")).to_have_attribute("data-version", str(length))
        assert versions(page) == list(range(1, length + 1))
        judged = page.locator(".event", has_text="The policy says ask").first
        judged.locator("summary").click()
        expect(judged.locator(".text")).to_contain_text("decides where it goes")
        expect(page.locator("p", has_text="The plan names no tool for it.").first).to_be_visible()
        expect(page.locator(".step-label .doing")).to_have_text(["", *["accepted"] * 3, "accepted, round 2"])
        assert page.locator(".timeline").get_by_text("two mugs are fine").count() == 2


def test_what_a_model_says_grows_where_its_event_will_stand(served: Served, slow: str, open_page: Open) -> None:
    session = served.post("/orchestrate", {"goal": "Say how it goes", "model": slow})["sessionId"]
    served.post(f"/sessions/{session}/pause", {})
    with open_page(f"{served.url}/explorer#/sessions/{session}") as page:
        expect(page.locator(".head .status")).to_have_text("paused")
        page.evaluate(WRITE_DOWN)
        served.post(f"/sessions/{session}/resume", {})
        expect(page.locator(".head .status")).to_have_text("completed")
        expect(page.locator(".voice, .growing")).to_have_count(0)
        expect(page.locator(".outcome")).to_contain_text(ANSWER.replace(MAIL, "[email:1]"))
        seen: list[tuple[str, str | None, str]] = page.evaluate("window.seen")
        page.locator(".event", has_text="The model replied").last.locator("summary").click()
        asked = page.locator(".prompt").inner_text()
    for call, step, whole in (
        ("choose-1-1", "1", RESULT),
        ("review-1-1", "1", f"verdict accept reason {RESULT}"),
        ("answer", None, ANSWER.replace(MAIL, "(email)")),
    ):
        told = [" ".join(text.split()) for said, at, text in seen if (said, at) == (call, step)]
        joined = whole.replace(" ", "")
        assert len(set(told)) > 3 and told == sorted(told, key=len), (call, told)
        assert all(joined.startswith(text.replace(" ", "")) for text in told), (call, told)
    assert not [text for _, _, text in seen if MAIL[:8] in text]
    facts = (
        "answer.v1",
        "by estimate",
        "by the model's count",
        "earlier results",
        "digest",
        f"reprise prompts show {session} 0",
    )
    assert all(each in asked for each in facts), asked


def test_a_reply_that_is_being_written_is_read_as_far_as_it_goes(served: Served, open_page: Open) -> None:
    step = r'{"goal": "look\"s \u00e4\n", "after": [1, 2], "slots": [{"value": "…"}]}'
    whole = f'{{"steps": [{step}, {{"goal": "go"}}], "x": true}}'
    with open_page(f"{served.url}/explorer") as page:
        all_of_it, parts, lost = page.evaluate(
            """async (whole) => {
              const { fragment, spoken } = await import("/explorer/spoken.js");
              const said = (values) => values.map(({ item, label, text }) => [item, label, text]);
              const parts = [...whole].map((_, end) => said(spoken(whole.slice(0, end))));
              return [said(spoken(whole)), parts, said(fragment('ine"}, {"goal": "go", "why'))];
            }""",
            whole,
        )
    assert all_of_it == [
        [1, "goal", 'look"s ä\n'],
        [1, "after", "1"],
        [1, "after", "2"],
        [1, "value", "…"],
        [2, "goal", "go"],
        [0, "x", "true"],
    ]
    for said in filter(None, parts):
        *over, last = said
        assert over == all_of_it[: len(over)] and all_of_it[len(over)][2].startswith(last[2].rstrip("\\"))
    assert lost == [[0, "", "ine"], [0, "goal", "go"]]


def test_versions_show_the_digests_that_replay_finds(served: Served, demo: str, open_page: Open) -> None:
    served.approve_all(demo)
    rows = served.rows(demo)
    with open_page(f"{served.url}/explorer#/sessions/{demo}@{len(rows)}") as page:
        state_at(page, len(rows))
        moved = range(1, len(rows) + 1) if os.environ.get(EVERY) else [1, *range(3, len(rows), 4), len(rows)]
        found = {int(version): digest for version, digest in page.evaluate(SLIDE, list(moved))}
        assert page.url.endswith(f"@{len(rows)}")
        page.get_by_role("button", name="Live").click()
        assert page.url.endswith(demo)
    assert found == {version: state_digest(replay_state(rows, version)) for version in moved}
    told = json.loads(reprise("replay", demo, "--at", "31", "--json", folder=served.folder).stdout)
    assert told["state_digest"] == found[31]


def test_a_version_shows_what_it_changed_and_a_reload_stays_on_it(served: Served, demo: str, open_page: Open) -> None:
    with open_page(f"{served.url}/explorer#/sessions/{demo}@6") as page:
        for _ in range(2):
            state_at(page, 6)
            expect(page.locator(".changes .path")).to_have_text(["/stage/model", "/stage/stage", "/steps"])
            expect(page.locator(".past")).to_contain_text("at version 6 of")
            expect(page.locator(".event[aria-current]")).to_contain_text("A plan of 4 steps")
            assert page.locator(".json .changed").count() > 10
            page.reload()
        state_at(page, 6)
        page.keyboard.press("ArrowRight")
        state_at(page, 7)
        page.get_by_role("slider", name="Version").focus()
        page.keyboard.press("Home")
        state_at(page, 1)
        page.keyboard.press("l")
        expect(page.get_by_role("button", name="Live")).to_have_attribute("aria-pressed", "true")


def test_the_version_of_a_verdict_says_in_whole_why_it_came_out_so(served: Served, demo: str, open_page: Open) -> None:
    version = next(each.version for each in served.rows(demo) if b'"decision":"ask"' in each.state)
    with open_page(f"{served.url}/explorer#/sessions/{demo}@{version}") as page:
        words = page.locator(".event[aria-current] .words")
        expect(words.locator(".rule")).to_have_text("writes-ask")
        expect(words.locator("code", has_text="body.customerId")).to_have_text("body.customerId")
        expect(words).to_contain_text("The plan names no tool for it.")
        assert words.evaluate("(each) => each.scrollHeight <= each.clientHeight + 1")


def test_a_hostile_goal_stays_text_and_a_denied_call_is_never_sent(served: Served, demo: str, open_page: Open) -> None:
    with open_page(f"{served.url}/explorer") as page:
        session = served.start_goal(HOSTILE)
        assert session != demo
        page.locator(".sessions").get_by_role("link", name=HOSTILE).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
        assert page.locator("main img, main script, aside img").count() == 0
        card = page.locator(".question")
        card.get_by_label("Reason").fill("<b>never</b>")
        card.get_by_role("button", name="Deny").click()
        expect(page.locator(".event.fact.bad", has_text="said no")).to_contain_text("<b>never</b>")
        assert page.title().startswith("<img")
        shown = served.get(f"/sessions/{session}/events?limit=500")["events"]
        assert not [each for each in shown if each["type"] == "session.call-requested.v1" and "POST" in str(each)]


def test_on_a_small_screen_neither_questions_nor_the_list_squeeze_the_other_out(
    served: Served, demo: str, open_page: Open
) -> None:
    session = served.start_goal("Order two blue mugs, on a telephone")
    with open_page(f"{served.url}/explorer") as page:
        page.set_viewport_size({"width": 400, "height": 450})
        expect(page.locator(".question")).not_to_have_count(0)
        assert page.locator("#main").evaluate("(each) => each.scrollHeight <= each.clientHeight")
        page.locator(f'.sessions a[data-id="{demo}"]').click()
        page.go_back()
        page.locator(f'[data-approval^="{session}"]').get_by_role("button", name="Deny").click()
        expect(page.locator(f'[data-approval^="{session}"]')).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") == 400


def test_both_themes_can_be_read_and_the_choice_is_kept(served: Served, open_page: Open) -> None:
    pairs = [[ink, paper] for ink in INKS for paper in PAPERS] + [["--on-accent", "--accent"]]
    grounds = set()
    for theme in ("light", "dark"):
        with open_page(f"{served.url}/explorer", color_scheme=theme) as page:
            contrasts: list[Any] = page.evaluate(CONTRAST, pairs)
            assert [each for each in contrasts if each[1] < 4.5] == []
            grounds.add(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
            for _ in range(2):
                page.locator("#theme").click()
            page.reload()
            expect(page.locator("#theme")).to_have_text("dark")
            grounds.add(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    assert len(grounds) == 2


def test_a_reader_that_was_too_slow_goes_on_without_gap_or_repeat(served: Served, demo: str, open_page: Open) -> None:
    with open_page(f"{served.url}/explorer") as page:
        asked = broken_off(page, "RESYNC")
        page.goto(f"{served.url}/explorer#/sessions/{demo}")
        page.reload()
        length = len(served.rows(demo))
        expect(page.locator("article.session")).to_have_attribute("data-version", str(length))
        assert versions(page) == list(range(1, length + 1))
    assert asked[0] is None and str(asked[1]).endswith(":8")


def test_a_log_that_was_replaced_is_read_from_its_beginning(served: Served, demo: str, open_page: Open) -> None:
    with open_page(f"{served.url}/explorer") as page:
        asked = broken_off(page, "WRONG_LOG")
        page.goto(f"{served.url}/explorer#/sessions/{demo}")
        page.reload()
        length = len(served.rows(demo))
        expect(page.locator("article.session")).to_have_attribute("data-version", str(length))
        assert versions(page) == list(range(1, length + 1))
    assert asked == [None, None]


def test_numbers_keep_their_digits(served: Served, open_page: Open) -> None:
    text = '{"price":1.10,"big":123456789012345678901,"small":-0,"exponent":1E2,"plain":7,"list":[],"a/b~":{"c":[1.0]}}'
    with open_page(f"{served.url}/explorer") as page:
        inline, paths = page.evaluate(
            """async (text) => {
              const { inline, lines, parse } = await import("/explorer/json.js");
              return [inline(parse(text)), [...lines(parse(text))].map((line) => line.path)];
            }""",
            text,
        )
    assert inline == text
    assert paths == ["", "/price", "/big", "/small", "/exponent", "/plain", "/list",
                     "/a~1b~0", "/a~1b~0/c", "/a~1b~0/c/0", "/a~1b~0/c", "/a~1b~0", ""]  # fmt: skip


def test_what_cannot_be_seen_is_escaped(served: Served, open_page: Open) -> None:
    value = {"to\u202ereverse": "a\u200bb\U000e0041", "kept": "ü 漢 \u2764\ufe0f"}
    with open_page(f"{served.url}/explorer") as page:
        shown = page.evaluate("async (value) => (await import('/explorer/json.js')).inline(value)", value)
    assert json.loads(shown) == value
    assert all(escape in shown for escape in ("to\\u202er", "a\\u200bb\\udb40\\udc41", "ü 漢 \u2764\ufe0f"))


def test_an_address_that_names_nothing_is_told_so(served: Served, demo: str, open_page: Open) -> None:
    with open_page(f"{served.url}/explorer#/sessions/{demo}@0") as page:
        expect(page.locator(".score .version")).to_contain_text("1 / ")
        page.goto(f"{served.url}/explorer#/sessions/{'0' * 8}-0000-0000-0000-{'0' * 12}")
        expect(page.locator("main .empty")).to_contain_text("Expected a session that exists")
        assert page.locator(".timeline, .state, .score").count() == 0


def test_the_list_comes_as_soon_as_the_service_can_answer(served: Served, demo: str, open_page: Open) -> None:
    def refuse_once(route: Route) -> None:
        if "Reached" in (route.request.post_data or "") and not refused:
            refused.append(route.request.url)
            route.fulfill(status=503, body="{}")
        else:
            route.continue_()

    refused: list[str] = []
    with open_page(f"{served.url}/explorer", complains="503") as page:
        page.route("**/graphql", refuse_once)
        page.reload()
        expect(page.locator(".sessions").get_by_role("link", name=GOAL)).to_have_count(1)
    assert refused


def test_more_than_a_page_shows_is_told(served: Served, demo: str, open_page: Open) -> None:
    def go_on(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('"hasNextPage":false', '"hasNextPage":true'))

    for address, words in (("#/dead-letters", "reprise dlq list --all"), ("#/", "More wait behind these")):
        with open_page(f"{served.url}/explorer{address}") as page:
            expect(page.locator(".sessions a")).not_to_have_count(0)
            expect(page.get_by_text(words)).to_be_hidden()
            page.route("**/graphql", go_on)
            page.reload()
            expect(page.get_by_text(words)).to_be_visible()
            expect(page.get_by_role("button", name="Show more")).to_be_visible()
            page.unroute_all(behavior="ignoreErrors")


def test_what_is_asked_or_planned_again_is_told_as_that(served: Served, open_page: Open) -> None:
    asked = {"call": "review-1-1", "step": 1, "purpose": "review", "agent": "reviewer"}
    events = [
        ("plan-proposed", {"steps": [{"goal": "look"}, {"goal": "shout"}]}),
        ("step-started", {"step": 1, "agent": "executor"}),
        ("model-call-requested", asked),
        ("model-call-attempted", {"call": "review-1-1", "attempt": 1}),
        ("model-failed", {"call": "review-1-1", "attempt": 1}),
        ("model-retry-scheduled", {"call": "review-1-1", "attempt": 2, "not_before": "2026-01-02T03:04:05Z"}),
        ("model-call-attempted", {"call": "review-1-1", "attempt": 2}),
        ("model-replied", {"call": "review-1-1", "attempt": 2}),
        ("plan-revised", {"first": 3, "steps": [{"goal": "say"}], "changed": [{"step": 2, "by": 3}]}),
    ]
    with open_page(f"{served.url}/explorer") as page:
        told = page.evaluate(
            """async (events) => {
              const [{ NOTHING, advance }, { stepWords }] =
                await Promise.all(["story", "words"].map((name) => import(`/explorer/${name}.js`)));
              let story = NOTHING;
              return events.map(([name, data], index) => {
                const event = { type: `session.${name}.v1`, version: index + 1, event: { data }, at: null };
                story = advance(story, event);
                const [first, ...others] = story.steps.map(stepWords);
                return [first, story.questions.map((each) => each.over), others];
              });
            }""",
            events,
        )
    words, ended, others = zip(*told, strict=True)
    assert words[:5] == ("to come", "choosing", *["under review"] * 3) and words[6:] == ("under review",) * 3
    assert words[5].startswith("again at ") and ended[2:] == ([0], [0], [1], [1], [1], [2], [2])
    assert others[-2:] == (["to come"], ["cancelled", "to come"])


def test_an_event_of_an_unknown_form_is_carried(served: Served, open_page: Open) -> None:
    types = ["session.plan-proposed.v2", "session.constructor.v1", "weather.changed.v1"]
    with open_page(f"{served.url}/explorer") as page:
        told = page.evaluate(
            """async (types) => {
              const [{ NOTHING, advance }, { placed, tone }] =
                await Promise.all(["story", "timeline"].map((name) => import(`/explorer/${name}.js`)));
              const events = types.map((type, index) => ({ type, version: index + 1, event: [], call: "", at: null }));
              const tones = events.map((event) => placed(event, [])).map(tone);
              return [events.reduce(advance, NOTHING).version, tones];
            }""",
            types,
        )
    assert told == [3, ["", "", ""]]
