"""Vectors that a server makes come in order, at length 1, of one dimension, or a clear error says why not."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.embedding.vectors import Vectors
from adapters.http.dialer import HttpDialer
from adapters.models.embeddings import BATCH, HttpEmbedder
from domain.errors import Invalid, RepriseError, Unavailable
from ops.sample.http_server import Handler, Request, Response, json_response, serving

TEXTS = ("red", "green", "blue")


def vectors(texts: list[str], *, numbers: int = 3, **more: object) -> Response:
    """Answer each text with its letters' counts, the last text first, as no client may rely on the order."""
    found = [
        {"object": "embedding", "index": index, "embedding": [text.count(letter) + 0.5 for letter in "reb"[:numbers]]}
        for index, text in enumerate(texts)
    ]
    return json_response(200, {"object": "list", "data": found[::-1], "model": "small"} | more)


class Server:
    """Answer as told, the last answer again and again, and keep what was asked."""

    def __init__(self, *answers: Response | None) -> None:
        self.asked: list[Request] = []
        self._answers = answers

    async def __call__(self, request: Request) -> Response | None:
        self.asked.append(request)
        if not self._answers:
            return vectors(json.loads(request.body)["input"])
        return self._answers[min(len(self.asked), len(self._answers)) - 1]


async def embedded(server: Handler, texts: tuple[str, ...] = TEXTS, **more: Any) -> list[tuple[float, ...]]:
    async with serving(server) as url, HttpDialer() as dialer:
        return await HttpEmbedder(f"openai:small@{url}/v1", dialer, **more).embed(texts)


async def test_texts_are_sent_in_batches_and_their_vectors_come_in_order_at_length_1() -> None:
    server = Server()
    texts = tuple(f"r{'e' * (number % 5)}" for number in range(BATCH + 6))
    found = await embedded(server, texts, api_key="s3cret")
    assert [len(json.loads(request.body)["input"]) for request in server.asked] == [BATCH, 6]
    assert server.asked[0].path == "/v1/embeddings" and server.asked[0].headers["authorization"] == "Bearer s3cret"
    assert all(sum(number**2 for number in vector) == pytest.approx(1) for vector in found)
    ratios = [vector[1] / vector[0] for vector in found]
    assert ratios == pytest.approx([(number % 5 + 0.5) / 1.5 for number in range(BATCH + 6)])


async def test_what_was_learned_is_kept_and_closeness_is_the_cosine(tmp_path: Path) -> None:
    server, kept = Server(), Vectors(tmp_path / "vectors.sqlite", "small")
    async with serving(server) as url, HttpDialer() as dialer:
        first, second = (HttpEmbedder(f"openai:small@{url}/v1", dialer, kept=kept) for _ in range(2))
        await asyncio.to_thread(first.learn, TEXTS)
        meanings = await asyncio.to_thread(second.meanings, TEXTS)
        close = await asyncio.to_thread(meanings.closeness, "green")
    assert close[1] == pytest.approx(1, abs=1e-6) and max(close[0], close[2]) < 0.99
    assert len(server.asked) == 2  # once to learn, once for the text that was looked for


@pytest.mark.parametrize(
    ("answers", "fault", "words"),
    [
        ((vectors(list(TEXTS), numbers=2),), Invalid, "vectors of 3 numbers .* but got 2"),
        ((json_response(200, {"data": [{"embedding": [0, 0, 0]}] * 3}),), Unavailable, "3 embeddings to 3 texts"),
        ((vectors(["red"]),), Unavailable, "1 embeddings to 3 texts"),
        ((Response(status=200, body=b"<html>"),), Unavailable, "not with embeddings"),
        ((Response(status=200, body=b"[" * 100_000),), Unavailable, "not with embeddings"),
        ((json_response(200, {"data": [{"index": i, "embedding": [0, 0, 0]} for i in range(3)]}),), Invalid, "length"),
        ((json_response(401, {"error": {"message": "who are you"}}),), Unavailable, "401.*who are you"),
        ((json_response(429, {}), None, json_response(503, {})), Unavailable, "503"),
        ((Response(status=429, headers=(("retry-after", "3600"),)),), Unavailable, "429"),
    ],
)
async def test_what_is_no_answer_is_an_error_that_says_so(
    answers: tuple[Response | None, ...], fault: type[RepriseError], words: str
) -> None:
    with pytest.raises(fault, match=words) as raised:
        await embedded(Server(*answers), dimension=3, api_key="s3cret")
    assert "s3cret" not in str(raised.value)


async def test_a_busy_server_is_asked_again_when_it_says() -> None:
    busy = Response(status=429, headers=(("retry-after-ms", "20"),))
    server = Server(busy, busy, vectors(list(TEXTS)))
    assert len(await embedded(server)) == 3 and len(server.asked) == 3


async def test_the_first_answer_settles_the_dimension() -> None:
    server = Server(vectors(["a"]), vectors(["a"], numbers=2))
    async with serving(server) as url, HttpDialer() as dialer:
        embedder = HttpEmbedder(f"openai:small@{url}/v1", dialer)
        await embedder.embed(["a"])
        with pytest.raises(Invalid, match="learn all anew"):
            await embedder.embed(["a"])


async def test_only_the_protocol_that_has_embeddings_is_taken() -> None:
    with pytest.raises(Invalid, match="openai:NAME@BASE_URL"):
        HttpEmbedder("anthropic:small@http://127.0.0.1:1/v1", HttpDialer())
