"""What embedders say is held to its dimension before anything is stored, and recorded for every rebuild."""

from collections.abc import Sequence

import psycopg
import pytest

from adapters.embedding.hashing import HashingEmbedder, hashed
from adapters.postgres.store import PostgresEventStore
from commands.memory.embedding import Embeddings
from commands.memory.remembering import embed_missing
from commands.ports import Confines
from domain.errors import Invalid, NotPossible, Refused
from domain.memory.vectors import MOST_NUMBERS, embedding, numbers
from projections.registry import READ_MODELS
from tests.commands.memory.knowing import Knowing, as_, knowing

ADA = Confines(tenant="local", user="ada")


class Changing(HashingEmbedder):
    """Embed as ever, but with vectors of another length, under whatever name."""

    def __init__(self, length: int, *, dimension: int = 0, name: str = "hashing") -> None:
        self.length, self.dimension, self.name = length, dimension, name

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return vectors of this length."""
        return [(hashed(text) * 2)[: self.length] for text in texts]


async def test_vectors_of_another_dimension_are_refused_and_nothing_is_stored(
    database: str, store: PostgresEventStore, known: Knowing
) -> None:
    await known.add("Mugs are blue.")
    await known.project()
    head = await store.head()
    for embedder in (Changing(300, dimension=384), Changing(500)):
        async with knowing(database, store, embedder) as other:
            with pytest.raises(Refused, match="Expected embeddings of 384 numbers"):
                await other.add("Mugs are red.")
    assert await store.head() == head


@pytest.mark.parametrize(
    "vector", [[], [0.0, 0.0], [float("nan"), 1.0], [1.0], [1e300, 1.0], [-(2.0**128), 1.0], [1e-60, -1e-300]]
)
def test_what_is_no_direction_is_no_embedding(vector: list[float]) -> None:
    with pytest.raises(Invalid):
        embedding("e", "1", 2, vector)


def test_a_vector_that_the_database_could_not_keep_is_never_recorded() -> None:
    assert embedding("e", "1", MOST_NUMBERS, [1.0] * MOST_NUMBERS).dimension == MOST_NUMBERS
    with pytest.raises(Invalid, match="at most 16000 numbers, but e gives 16001"):
        embedding("e", "1", MOST_NUMBERS + 1, [1.0] * (MOST_NUMBERS + 1))


@pytest.mark.usefixtures("store")  # its migrations install the extension
async def test_as_many_numbers_as_may_be_are_what_the_database_keeps(database: str) -> None:
    def keep(length: int) -> None:
        with psycopg.connect(database) as connection:
            connection.execute("SELECT %s::vector", (str([1] * length),))

    keep(MOST_NUMBERS)
    with pytest.raises(psycopg.Error, match="16000"):
        keep(MOST_NUMBERS + 1)


def test_a_vector_is_written_down_bit_by_bit() -> None:
    held = embedding("e", "1", 384, hashed("Mugs are blue."))
    assert embedding("e", "1", 384, numbers(held)) == held
    assert hashed("Mugs are blue.")[:3] == hashed("Mugs are blue.")[:3]


async def test_a_text_that_was_embedded_is_not_embedded_again() -> None:
    known = Embeddings(HashingEmbedder())
    await known.embed("local", ["a", "b"])
    await known.embed("local", ["b", "a", "c"])
    assert (known.cache.hits, known.cache.misses) == (2, 3)


async def test_another_embedder_says_of_old_memories_what_they_mean(
    database: str, store: PostgresEventStore, known: Knowing
) -> None:
    memory, gone = await known.add("Mugs are blue."), await known.add("Pots are red.")
    async with knowing(database, store, Changing(100, name="other")) as other:
        await other.forget(gone)
        await other.project()
        now = other.shell.clock.now()
        assert await other.memories.recall(ADA, "blue mugs", now) == []
        assert await embed_missing(other.catalogue, other.shell, as_("ada", "local")) == 1
        await other.project()
        assert [each.memory.id for each in await other.memories.recall(ADA, "blue mugs", now)] == [memory]
    assert [each.memory.id for each in await known.memories.recall(ADA, "blue mugs", now)] == [memory]


class Picky(Changing):
    """Be another embedder, one that refuses a text."""

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return vectors, but none at all where one of the texts is too long."""
        if any(len(text) > 1_000 for text in texts):
            raise NotPossible("Expected a text of at most 1000 characters.")
        return await super().embed(texts)


async def test_a_memory_that_an_embedder_refuses_keeps_none_of_the_others_from_being_found(
    database: str, store: PostgresEventStore, known: Knowing
) -> None:
    fine = [await known.add(f"Mugs are blue, says {name}.") for name in ("ann", "bob")]
    await known.add("x " * 2_000)
    async with knowing(database, store, Picky(100, name="other")) as other:
        await other.project()
        assert await embed_missing(other.catalogue, other.shell, as_("ada", "local")) == 2
        await other.project()
        recalled = await other.memories.recall(ADA, "blue mugs", other.shell.clock.now())
        assert {each.memory.id for each in recalled} == set(fine)


async def test_what_another_tenant_asked_is_not_known_from_the_cache(known: Knowing) -> None:
    cache = known.memories.embeddings.cache
    await known.memories.embed("red", ["The merger is called off."])
    await known.memories.embed("blue", ["The merger is called off."])
    assert (cache.hits, cache.misses) == (0, 2)
    await known.memories.embed("red", ["The merger is called off."])
    assert (cache.hits, cache.misses) == (1, 2)


async def test_without_pgvector_it_is_refused_by_name_and_the_rest_goes_on(
    database: str, store: PostgresEventStore
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP SCHEMA memory_v2 CASCADE; DROP EXTENSION vector")
    async with knowing(database, store) as opened:
        await opened.rows.reset(READ_MODELS["memory"], await store.log_id())
        with pytest.raises(NotPossible, match=r"Postgres extension `vector` \(pgvector\)"):
            await opened.add("Mugs are blue.")
        await opened.project()
        assert await opened.memories.index.newest(ADA, None, 10) == []
