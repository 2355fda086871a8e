"""A model server that others wrote is understood, whole and streamed, in both protocols, over a real socket."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

import pytest

from adapters.http.dialer import HttpDialer
from commands.ports import ModelFault
from domain.session.prompt import Prompt
from tests.adapters.models.asking import ask, form, prompt, router
from tests.ports import free_port

ORDER: dict[str, Any] = {"body": {"sku": "mug", "text": 'two "é" mugs', "count": 2}}
RULES: list[dict[str, Any]] = [
    {"when": {"messages_contain": "say hello"}, "respond": {"content": "Hello there, é 🦊  twice."}},
    {
        "when": {"messages_contain": "place it"},
        "respond": {"tool_calls": [{"name": "create_order", "arguments": ORDER}]},
    },
    {"when": {"messages_contain": "too fast"}, "respond": {"status": 429, "error": "slow down"}},
    {"when": {"messages_contain": "overloaded"}, "respond": {"status": 529, "error": "come back"}},
    {"when": {"messages_contain": "who am i"}, "respond": {"status": 401, "error": "no key"}},
]
KINDS = ("openai", "anthropic")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the server on loopback with our rules; yield its base URL."""
    rules = tmp_path_factory.mktemp("rules") / "rules.yaml"  # of which JSON is a part
    rules.write_text(json.dumps({"rules": RULES}, ensure_ascii=False))
    port = free_port()
    command = [sys.executable, "-m", "fakellm.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen([*command, "--config", str(rules)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
        try:
            _wait(run, port)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            run.terminate()


def _wait(run: subprocess.Popen[bytes], port: int) -> None:
    until = monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert run.poll() is None and monotonic() < until, "the server did not start"
            sleep(0.1)


def saying(text: str) -> Prompt:
    return prompt(f"GOAL {text}")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_conversation_with_a_text_and_a_call(server: str, kind: str, stream: bool) -> None:
    heard: list[str] = []

    async def telling(said: str) -> None:
        heard.append(said)

    async with HttpDialer() as dialer:
        models, model = router(dialer, stream=stream, form="tools"), f"{kind}:small@{server}"
        hello = await ask(models, model, asked=saying("say hello"), wants=form("answer", ()), telling=telling)
        assert hello.text == "Hello there, é 🦊  twice." and hello.asked and hello.asked.streamed is stream
        assert not stream or "".join(heard) == hello.text
        order = await ask(models, model, asked=saying("place it"), wants=form(), telling=telling)
    assert json.loads(order.text) == {"tool": "create_order", "arguments": ORDER}
    assert order.asked and order.asked.form == "tools"
    assert hello.tokens_out > 0
    assert hello.asked.estimated is ((kind, stream) == ("openai", True))  # it does not count there, though asked to


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("text", "retryable", "words"),
    [("too fast", True, "429: .*slow down"), ("overloaded", True, "529: .*come back"), ("who am i", False, "401")],
)
async def test_its_errors_say_whether_asking_again_can_help(
    server: str, kind: str, text: str, retryable: bool, words: str
) -> None:
    async with HttpDialer() as dialer:
        with pytest.raises(ModelFault, match=words) as fault:  # it streams no errors
            await ask(router(dialer, stream=False), f"{kind}:small@{server}", asked=saying(text))
    assert fault.value.retryable is retryable
