"""A filter behind a URL is shown what came in, and whatever it does not say clearly is an error."""

import json

import pytest

from adapters.filters.webhook import WebhookFilter
from adapters.http.dialer import HttpDialer
from commands.ports import Looked, Opinion
from ops.sample.http_server import Request, Response, json_response, serving

LOOKED = Looked(tenant="local", session="s", place="output", text="hello", tool="look")


async def asked(answer: Response | None) -> tuple[Opinion, list[Request]]:
    heard: list[Request] = []

    async def serve(request: Request) -> Response | None:
        heard.append(request)
        return answer

    async with serving(serve) as url, HttpDialer() as dialer:
        return await WebhookFilter(dialer, f"{url}/filter").look(LOOKED), heard


async def test_it_is_shown_the_text_and_its_opinion_counts() -> None:
    opinion, (request,) = await asked(json_response(200, {"decision": "label", "labels": ["odd"], "reason": "hm"}))
    assert opinion == Opinion(decision="label", labels=("odd",), reason="hm")
    assert json.loads(request.body) == {
        "tenant": "local", "session": "s", "place": "output", "text": "hello", "tool": "look"
    }  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    [
        None,
        json_response(500, {}),
        json_response(204, {}),
        json_response(200, {"decision": "perhaps"}),
        json_response(200, {}),
        json_response(200, {"verdict": "deny"}),
        json_response(200, {"labels": ["NOT A LABEL"]}),
        json_response(200, {"labels": ["a"] * 11}),
        Response(status=200, body=b"yes"),
        Response(status=200, body=b'{"decision": "deny", "decision": "pass"}'),
        Response(status=200, body=b'{"decision": null}'),
        Response(status=200, body=b"[" * 100_000),
        Response(status=302, headers=(("location", "http://127.0.0.1:1/"),)),
    ],
)
async def test_what_is_no_opinion_is_an_error(answer: Response | None) -> None:
    with pytest.raises(Exception, match=r".+"):
        await asked(answer)


async def test_its_name_is_that_of_the_url_without_the_password_in_it() -> None:
    async with HttpDialer() as dialer:
        assert WebhookFilter(dialer, "http://ann:hush@127.0.0.1:9/filter").name == "127.0.0.1:9/filter"
