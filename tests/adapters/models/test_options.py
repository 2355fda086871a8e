"""Each model is asked as its options say; what a server refuses is left out, and its limits are kept."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from adapters.http.dialer import HttpDialer
from adapters.models.models import ModelRouter
from adapters.models.refusals import used_up_ms
from commands.model_options import ModelOptions, options_of, read_options
from commands.ports import ModelFault, Reply
from domain.errors import Invalid
from domain.session.asking import Asked
from domain.session.forms import ReplyForm, reply_schema
from ops.sample.http_server import Request, Response, json_response, serving
from tests.adapters.models.asking import ask, form, router

Answer = Callable[[dict[str, Any]], Response | None]


def fine(**headers: str) -> Response:
    """Answer as both protocols do."""
    said = {"choices": [{"message": {"content": "hi"}}], "content": [{"type": "text", "text": "hi"}]}
    response = json_response(200, said)
    return msgspec.structs.replace(response, headers=(*response.headers, *headers.items()))


def refusing(*names: str, says: str = "Unknown parameter: {}.", status: int = 400) -> Answer:
    """Refuse the first of these that a request has, as servers do that do not know it."""

    def answer(body: dict[str, Any]) -> Response:
        found = [name for name in names if name in body]
        return json_response(status, {"error": {"message": says.format(found[0])}}) if found else fine()

    return answer


class Asking:
    """Ask a server of ours through one router, as often as is wanted, and keep what was sent."""

    def __init__(self, answer: Answer, kind: str = "openai", **options: Any) -> None:
        self.answer, self.kind, self.options = answer, kind, options
        self.sent: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    async def __call__(self, request: Request) -> Response | None:
        self.sent.append(json.loads(request.body))
        self.headers.append(request.headers)
        return self.answer(self.sent[-1])

    async def times(self, number: int, wants: ReplyForm | None = None, **more: Any) -> list[Reply]:
        async with serving(self) as url, HttpDialer() as dialer:
            models = router(dialer, **self.options)
            return [
                await ask(models, f"{self.kind}:small@{url}/v1", wants=wants or form(), **more) for _ in range(number)
            ]


@pytest.mark.parametrize(
    ("unknown", "options", "left_out"),
    [
        (("response_format",), {}, {"response_format"}),
        (("tools",), {"form": "tools"}, {"tools", "tool_choice", "parallel_tool_calls"}),
        (("stream_options",), {}, {"stream_options"}),
        (("max_completion_tokens",), {}, {"max_completion_tokens"}),
        (("stream_options", "response_format", "max_completion_tokens"), {}, {"stream_options", "response_format"}),
    ],
)
async def test_what_a_server_refuses_to_know_is_left_out_and_remembered_and_recorded(
    unknown: tuple[str, ...], options: dict[str, Any], left_out: set[str]
) -> None:
    asking = Asking(refusing(*unknown), **options)
    first, second = await asking.times(2, most_tokens=50)
    assert len(asking.sent) == len(unknown) + 2  # refused once for each, then never again
    assert left_out <= asking.sent[0].keys() and not left_out & asking.sent[-1].keys()
    assert asking.sent[-2] == asking.sent[-1] and (asking.sent[-1].get("max_tokens") or 50) == 50
    for reply in (first, second):
        assert reply.asked and f"Unknown parameter: {unknown[0]}." in reply.asked.without
        assert reply.asked.form == ("text" if {"response_format", "tools"} & set(unknown) else "json-schema")


async def test_a_refusal_that_names_nothing_is_tried_plainly_once_and_then_believed() -> None:
    asking = Asking(refusing("response_format", "stream_options", says="invalid request"))
    (reply,) = await asking.times(1)
    assert len(asking.sent) == 2 and reply.asked and reply.asked.form == "text"
    asking = Asking(lambda body: json_response(400, {"error": {"message": "the prompt is too long"}}))
    with pytest.raises(ModelFault, match=r"400: .*too long") as fault:
        await asking.times(1)
    assert len(asking.sent) == 2 and not fault.value.retryable


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_no_other_status_makes_a_question_plainer(status: int) -> None:
    asking = Asking(lambda body: json_response(status, {"error": {"message": "response_format"}}))
    with pytest.raises(ModelFault):
        await asking.times(1)
    assert len(asking.sent) == 1


async def test_a_form_is_a_schema_or_tools_or_words_alone_in_both_protocols() -> None:
    schema = json.loads(bytes(reply_schema("choose", "plan.v2")))
    for stream in (True, False):
        openai, anthropic = (Asking(lambda body: fine(), kind, stream=stream) for kind in ("openai", "anthropic"))
        await openai.times(1)
        await anthropic.times(1)
        assert openai.sent[0]["response_format"]["json_schema"] == {"name": "choose", "schema": schema, "strict": False}
        assert [tool["input_schema"] for tool in anthropic.sent[0]["tools"]] == [schema]
        assert anthropic.sent[0]["tool_choice"] == {
            "type": "tool",
            "name": "reprise_reply",
            "disable_parallel_tool_use": True,
        }
        assert (openai.sent[0]["stream"], anthropic.sent[0].get("stream", False)) == (stream, stream)
    for kind in ("openai", "anthropic"):
        tools, words = Asking(lambda body: fine(), kind, form="tools"), Asking(lambda body: fine(), kind, form="text")
        await tools.times(1)
        await words.times(1)
        offered = [tool.get("function", tool)["name"] for tool in tools.sent[0]["tools"]]
        assert offered == ["create_order", "reprise_result", "reprise_describe"]
        research = Asking(lambda body: fine(), kind, form="tools")
        await research.times(1, replace(form(), findings=True))
        offered = [tool.get("function", tool)["name"] for tool in research.sent[0]["tools"]]
        assert offered == ["create_order", "reprise_reply", "reprise_describe"]
        assert not {"tools", "response_format"} & words.sent[0].keys()


async def test_a_model_gets_its_own_key_or_none_or_that_of_all() -> None:
    asking = Asking(lambda body: fine())
    async with serving(asking) as url, HttpDialer() as dialer:
        options = [
            ModelOptions(model="openai:own@*", key="env:OWN"),
            ModelOptions(model="openai:none@*", key=""),
            ModelOptions(model="openai:own@*", key="env:LATER"),
        ]
        models = ModelRouter(dialer, api_key="of-all", options=options, keys={"env:OWN": "its-own", "": ""})
        for name in ("own", "none", "other"):
            await ask(models, f"openai:{name}@{url}/v1")
    assert [headers.get("authorization") for headers in asking.headers] == ["Bearer its-own", None, "Bearer of-all"]


def test_options_that_cannot_be_used_are_refused_with_the_place() -> None:
    assert read_options("") == () and options_of((), "x").form == "json-schema"
    for text, words in (
        ("{", "REPRISE|JSON array"),
        ('[{"model": "a", "form": "yaml"}]', r"Invalid enum value 'yaml' - at `\$\[0\].form`"),
        ('[{"model": "a", "tokens": 1}]', "unknown field `tokens`"),
        ('[{"model": "a", "idle_seconds": 0}]', "idle_seconds"),
        ("[" * 100_000, "JSON array"),
    ):
        with pytest.raises(Invalid, match=words):
            read_options(text)


async def test_a_server_that_asked_for_quiet_is_left_alone_by_all() -> None:
    answers = iter([fine(**{"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "300ms"}), fine()])
    asking, began = Asking(lambda body: next(answers)), time.monotonic()
    await asking.times(2)
    assert time.monotonic() - began >= 0.3
    busy = Asking(lambda body: Response(status=429, headers=(("retry-after", "60"),)))
    async with serving(busy) as url, HttpDialer() as dialer:
        models = router(dialer)
        for words in ("status 429", "Nothing was sent: .* left alone"):
            with pytest.raises(ModelFault, match=words) as fault:
                await ask(models, f"openai:small@{url}/v1")
            assert fault.value.retryable and 30_000 < fault.value.retry_after_ms <= 60_000
            assert not fault.value.uncertain
    assert len(busy.sent) == 1


NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360_000),
        ({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "6m0s"}, 0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1.5s"}, 1_500),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "soon"}, 0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "9" * 5_000 + "h"}, 0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "99h"}, 3_600_000),
        (
            {
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": (NOW + timedelta(seconds=20)).isoformat(),
            },
            20_000,
        ),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-11-01T11:00:00Z",
            },
            0,
        ),
        ({"anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": "x"}, 0),
    ],
)
def test_limits_that_are_counted_down_say_for_how_long_nothing_is_served(headers: dict[str, str], wait: int) -> None:
    assert used_up_ms(headers, NOW) == wait


async def test_how_a_reply_was_asked_for_is_told() -> None:
    (reply,) = await Asking(lambda body: fine(), stream=False, form="text").times(1)
    assert reply.asked == Asked(form="text", streamed=False, estimated=True)
