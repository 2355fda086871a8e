"""A scripted model answers from its file alone, and says what it lacks."""

import json
from pathlib import Path

import pytest

from adapters.embedding.hashing import HashingEmbedder
from adapters.http.dialer import HttpDialer
from adapters.models.models import ModelRouter
from commands.ports import ModelFault, Question, Reply
from domain.errors import Invalid, NotFound
from domain.session.prompt import Message, Prompt
from ops.scripted.server import script_server

DEMO = Path(__file__).parents[3] / "ops/sample/demo_script.json"


def prompt(task: str, text: str = "Goal: order two blue mugs") -> Prompt:
    return Prompt(messages=(Message(role="system", text="You plan."), Message(role="user", text=f"{text}\n{task}")))


def script(folder: Path, *replies: dict[str, object]) -> str:
    file = folder / "script.json"
    file.write_text(json.dumps({"replies": replies}))
    return f"scripted:{file}"


async def ask(model: str, question: Prompt) -> Reply:
    async with HttpDialer() as dialer:
        return await ModelRouter(dialer).ask(Question(model=model, prompt=question, timeout_ms=60_000))


async def test_the_first_reply_that_matches_answers(tmp_path: Path) -> None:
    model = script(
        tmp_path,
        {"purpose": "choose", "step": 2, "round": 1, "text": "first round"},
        {"purpose": "choose", "step": 2, "reply": {"tool": "later"}},
        {"text": "anything"},
    )
    assert (await ask(model, prompt("TASK purpose=choose step=2 round=1 attempt=1"))).text == "first round"
    assert json.loads((await ask(model, prompt("TASK purpose=choose step=2 round=2 attempt=1"))).text) == {
        "tool": "later"
    }
    assert (await ask(model, prompt("TASK purpose=plan step=0 round=1 attempt=1"))).text == "anything"


async def test_a_reply_takes_a_word_from_the_prompt_or_does_not_apply(tmp_path: Path) -> None:
    model = script(tmp_path, {"find": {"order": r"ord-\d+"}, "reply": {"id": "$order"}}, {"text": "none"})
    task = "TASK purpose=answer step=0 round=1 attempt=1"
    assert (await ask(model, prompt(task, 'ord-1 then {"id":"ord-22"}'))).text == '{"id": "ord-22"}'
    assert (await ask(model, prompt(task, "no order yet"))).text == "none"


async def test_without_a_match_the_fault_names_the_task_and_the_file(tmp_path: Path) -> None:
    model = script(tmp_path, {"goal": "red mugs", "text": "x"})
    with pytest.raises(ModelFault, match=r"script\.json matches 'TASK purpose=plan step=0 round=1") as fault:
        await ask(model, prompt("TASK purpose=plan step=0 round=1 attempt=1"))
    assert not fault.value.retryable


async def test_a_script_that_changed_is_read_again(tmp_path: Path) -> None:
    task = prompt("TASK purpose=plan step=0 round=1 attempt=1")
    model = script(tmp_path, {"text": "old"})
    assert (await ask(model, task)).text == "old"
    script(tmp_path, {"text": "new and longer"})
    assert (await ask(model, task)).text == "new and longer"


async def test_a_prompt_without_a_task_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFault, match="ends with a TASK line, not 'hello'"):
        await ask(script(tmp_path, {"text": "x"}), prompt("hello"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"in .*script\.json, but Input data was truncated"),
        ('{"replies":[{"text":"a","reply":1}]}', "either 'reply' or 'text'"),
        ('{"replies":[{"txt":"a"}]}', "unknown field `txt`"),
        ('{"replies":[{"text":"a","find":{"x":"("}}]}', "expected a regular expression"),
    ],
)
def test_a_broken_script_is_refused_with_the_place(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "script.json").write_text(text)
    with pytest.raises(Invalid, match=message):
        ModelRouter(HttpDialer()).known(f"scripted:{tmp_path / 'script.json'}")


def test_unknown_models_are_refused_with_the_choices(tmp_path: Path) -> None:
    router = ModelRouter(HttpDialer())
    for model in ("", "scripted:", "gpt-9", "rules:x", "tape:x"):
        with pytest.raises(Invalid, match="scripted:FILE, rules, openai:NAME@BASE_URL"):
            router.known(model)
    with pytest.raises(Invalid, match="openai:NAME@BASE_URL"):
        router.known("openai:small@ftp://somewhere")
    with pytest.raises(NotFound, match="Expected a script"):
        router.known(f"scripted:{tmp_path / 'none.json'}")


async def test_the_script_over_http_answers_every_demo_prompt_like_the_script_itself() -> None:
    tasks = [("plan", 0, 1), ("answer", 0, 1)]
    tasks += [(purpose, step, turn) for purpose in ("choose", "review") for step in range(1, 5) for turn in (1, 2)]
    prompts = [
        prompt(
            f"TASK purpose={purpose} step={step} round={turn} attempt=1",
            'two blue mugs: ord-1001, shp-1001-1 é"',
        )
        for purpose, step, turn in tasks
    ]

    async with HttpDialer() as dialer:
        models = ModelRouter(dialer)
        async with script_server(DEMO, HashingEmbedder()) as base:
            for each in prompts:
                direct = await models.ask(Question(model=f"scripted:{DEMO}", prompt=each, timeout_ms=60_000))
                served = await models.ask(Question(model=f"openai:scripted@{base}", prompt=each, timeout_ms=60_000))
                assert direct.text and (direct.text, direct.tokens_in, direct.tokens_out) == (
                    served.text,
                    served.tokens_in,
                    served.tokens_out,
                )
