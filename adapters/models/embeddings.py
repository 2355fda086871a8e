"""Learn what texts mean from a model that somebody serves over HTTP: ``POST /embeddings`` of the OpenAI protocol.

It is named ``openai:NAME@BASE_URL``, as models that answer prompts are. Anthropic's protocol has no embeddings.
"""

import asyncio
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec

from adapters.models.endpoint import Endpoint, endpoint_of
from adapters.models.faults import refused
from commands.ports import Dialer, DialFault, HttpResponse, ModelFault
from domain.errors import Invalid, Unavailable
from domain.memory.vectors import MOST_NUMBERS

Vector: TypeAlias = tuple[float, ...]
"""The meaning of a text, of length 1: the closer two meanings, the larger the sum of their products."""

BATCH = 64
"""How many texts are sent at once."""
ATTEMPTS = 3
TIMEOUT_MS = 30_000
LONGEST_WAIT_MS = 5_000
_SHORTEST_WAIT_MS = 200


class KeptVectors(Protocol):
    """Keep vectors by their texts, as bytes."""

    def find(self, texts: Iterable[str]) -> dict[str, bytes]:
        """Return the vectors that are kept of some texts."""
        ...

    def keep(self, vectors: Mapping[str, bytes]) -> None:
        """Keep vectors."""
        ...


class One(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the vector of the text that was sent at a place."""

    embedding: tuple[float, ...]
    index: int = 0


class Embeddings(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a server answered, as far as it is used."""

    data: tuple[One, ...]


class HttpEmbedder:
    """Implement the ports Embedder and TextEmbedder over HTTP; threads hand their texts to ``loop``.

    ``dimension`` is how many numbers a vector must have; 0 takes what the first answer has, and holds to it.
    """

    revision = "1"

    def __init__(
        self,
        model: str,
        dialer: Dialer,
        *,
        api_key: str = "",
        dimension: int = 0,
        kept: KeptVectors | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        kind = model.partition(":")[0]
        if kind != "openai":
            raise Invalid(f"Expected an embedding model openai:NAME@BASE_URL, but got {model!r}: only that has them.")
        self.name, self.dimension = model, dimension
        self._endpoint: Endpoint = endpoint_of(model)
        self._dialer, self._api_key, self._kept = dialer, api_key, kept
        self._loop = loop or asyncio.get_running_loop()

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return the meanings of texts in their order; raises Invalid for another dimension, and Unavailable."""
        parts = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        return [vector for part in parts for vector in await self._asked(part)]

    def learn(self, texts: Sequence[str]) -> None:
        """Learn what texts mean, from a thread beside the loop, and keep it."""
        self._learned(texts)

    def meanings(self, texts: Sequence[str]) -> "HttpMeanings":
        """Return what texts mean; those that were not learned before are learned now, from a thread."""
        known = self._learned(texts)
        return HttpMeanings([known[text] for text in texts], self)

    def vector(self, text: str) -> Vector:
        """Return one text's vector, from a thread."""
        (found,) = self._from_a_thread([text])
        return found

    def _learned(self, texts: Sequence[str]) -> dict[str, Vector]:
        known = {text: _floats(data) for text, data in (self._kept.find(texts) if self._kept else {}).items()}
        known = {text: vector for text, vector in known.items() if self.dimension in (0, len(vector))}
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        if fresh:
            learned = dict(zip(fresh, self._from_a_thread(fresh), strict=True))
            if self._kept:
                self._kept.keep({text: _bytes(vector) for text, vector in learned.items()})
            known |= learned
        return known

    def _from_a_thread(self, texts: Sequence[str]) -> list[Vector]:
        return asyncio.run_coroutine_threadsafe(self.embed(texts), self._loop).result()

    async def _asked(self, texts: Sequence[str]) -> list[Vector]:
        """Ask for some texts, again where that can help."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._read(await self._sent(texts), len(texts))
            except ModelFault as fault:
                if not fault.retryable or attempt == ATTEMPTS or fault.retry_after_ms > LONGEST_WAIT_MS:
                    raise Unavailable(f"Expected what texts mean, but: {fault}") from fault
                await asyncio.sleep(max(fault.retry_after_ms, _SHORTEST_WAIT_MS * attempt) / 1000)
        raise AssertionError("the last attempt returns or raises")

    async def _sent(self, texts: Sequence[str]) -> HttpResponse:
        headers = (("authorization", f"Bearer {self._api_key}"),) if self._api_key else ()
        body = {"model": self._endpoint.name, "input": list(texts), "encoding_format": "float"}
        asked = self._endpoint.post("/embeddings", headers, body, accept="application/json", timeout_ms=TIMEOUT_MS)
        try:
            response = await self._dialer.send(asked)
        except DialFault as fault:
            raise ModelFault(
                f"The model {self._endpoint.name} did not answer: {fault}", retryable=not fault.refused
            ) from fault
        if response.status != 200:
            raise refused(self._endpoint.name, response)
        return response

    def _read(self, response: HttpResponse, asked: int) -> list[Vector]:
        try:
            found = msgspec.json.decode(response.body, type=Embeddings).data
        except (msgspec.DecodeError, RecursionError) as fault:
            raise ModelFault(
                f"The model {self._endpoint.name} answered, but not with embeddings: {fault}.", retryable=True
            ) from fault
        if sorted(each.index for each in found) != list(range(asked)):
            raise ModelFault(
                f"The model {self._endpoint.name} answered with {len(found)} embeddings to {asked} texts.",
                retryable=True,
            )
        return [self._checked(each.embedding) for each in sorted(found, key=lambda each: each.index)]

    def _checked(self, vector: Vector) -> Vector:
        """Return a vector at length 1; raises Invalid where it has another dimension, or says nothing."""
        length = math.hypot(*vector)
        if not 0 < length < math.inf:
            raise Invalid(f"Expected a vector with a length from {self.name}, but it is {length}.")
        expected = self.dimension or len(vector)
        if len(vector) != expected or len(vector) > MOST_NUMBERS:
            raise Invalid(
                f"Expected vectors of {min(expected, MOST_NUMBERS)} numbers from {self.name}, but got {len(vector)}: "
                "vectors of two models cannot be compared; name the model that the others are of, or learn all anew."
            )
        self.dimension = expected
        return tuple(number / length for number in vector)


class HttpMeanings:
    """Know what some texts mean."""

    def __init__(self, vectors: Sequence[Vector], model: HttpEmbedder):
        self._vectors, self._model = vectors, model

    def closeness(self, text: str) -> Sequence[float]:
        """Return the cosines between another text and each of these."""
        wanted = self._model.vector(text)
        return [sum(map(float.__mul__, wanted, vector)) for vector in self._vectors]


def _bytes(vector: Vector) -> bytes:
    return array("f", vector).tobytes()


def _floats(data: bytes) -> Vector:
    return tuple(array("f", data))
