"""Measure recall: memories compared one by one, as the product does, beside an HNSW index over the same vectors.

Who asks knows all memories of a tenant, or only the tenth that the whole tenant shares. The index is asked with
iterative scans, or it would find next to nothing of that tenth. Vectors are made up, in clusters, as long as those of
`minilm`.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from random import Random
from statistics import mean, median
from typing import NamedTuple

import psycopg

from commands.ports import Confines, MemoryIndex
from ops.bench.machine import machine
from ops.bench.raw import server_version
from ops.scratch import scratch_database

STUBBED = "vectors are made up, and written past the log"
DIMENSION, CLUSTERS, SPREAD = 384, 300, 1.4
QUESTIONS, CLOSEST = 20, 100
TEXT = "A text of some words. " * 5
SPACE, TENANT, ALL, SHARED = "bench/1/384", "bench", "ada", "bob"
CANDIDATES = (100, 400)
"""How many candidates the index keeps while it looks: hnsw.ef_search."""

Vector = Sequence[float]

_MEMORY = (
    "COPY memories (tenant, id, user_id, kind, subject, text, trusted, private, sources, session_id, step, created_at, "
    "version, position) FROM STDIN"
)
_INDEX = (
    f"CREATE INDEX by_meaning ON memory_vectors USING hnsw ((embedding::vector({DIMENSION})) vector_cosine_ops) "
    f"WHERE space = '{SPACE}'"
)
_NEAREST = f"""
SELECT v.id FROM memory_vectors v JOIN memories m ON m.tenant = v.tenant AND m.id = v.id
WHERE v.tenant = %s AND v.space = '{SPACE}' AND m.user_id IN (%s, '')
ORDER BY v.embedding::vector({DIMENSION}) <=> %s::vector LIMIT {CLOSEST}
"""


class Parts(NamedTuple):
    """Hold what the bench is composed of: ``prepared`` migrates a database and returns the URL that sees its tables."""

    prepared: Callable[[str], Awaitable[str]]
    opened: Callable[[str], AbstractAsyncContextManager[MemoryIndex]]


class Asked(NamedTuple):
    """Hold what was found for each question, and the median time in milliseconds."""

    found: list[list[str]]
    ms: float


async def run(server: str, parts: Parts, *, memories: int) -> dict[str, object]:
    """Return the figures for so many memories of one tenant."""
    chance = Random(1)
    centres = [_gauss(chance) for _ in range(CLUSTERS)]
    with scratch_database(server) as url:
        seeing = await parts.prepared(url)
        with psycopg.connect(seeing, autocommit=True) as connection:
            _fill(connection, [_near(chance, centres) for _ in range(memories)])
            questions = [_near(chance, centres) for _ in range(QUESTIONS)]
            async with parts.opened(url) as index:
                exact = {user: await _exact(index, user, questions) for user in (ALL, SHARED)}
            began = time.perf_counter()
            connection.execute(_INDEX.encode())
            built = time.perf_counter() - began
            (size,) = connection.execute("SELECT pg_relation_size('by_meaning')").fetchone() or (0,)
            beside = {f"hnsw_{most}": _indexed(connection, most, questions, exact) for most in CANDIDATES}
    return {
        "memories": memories,
        "exact_ms": round(exact[ALL].ms, 1),
        "exact_ms_of_a_tenth": round(exact[SHARED].ms, 1),
        **beside,
        "hnsw_build_s": round(built, 1),
        "hnsw_mb": round(size / 2**20, 1),
        "stubbed": STUBBED,
        "machine": {**machine(), "postgres": server_version(server)},
    }


def _fill(connection: psycopg.Connection, vectors: Sequence[Vector]) -> None:
    with connection.cursor() as cursor:
        with cursor.copy(_MEMORY.encode()) as writer:
            for number in range(len(vectors)):
                user = ALL if number % 10 else ""
                whose: tuple[object, ...] = (
                    TENANT,
                    f"{number:032x}",
                    user,
                    "semantic",
                    "",
                    TEXT,
                    True,
                    False,
                    [],
                    "",
                    0,
                )
                writer.write_row((*whose, "2026-01-01", 1, number))
        with cursor.copy("COPY memory_vectors (tenant, id, space, embedding, position) FROM STDIN") as writer:
            for number, vector in enumerate(vectors):
                writer.write_row((TENANT, f"{number:032x}", SPACE, _written(vector), number))
    connection.execute("VACUUM ANALYZE memories, memory_vectors")


async def _exact(index: MemoryIndex, user: str, questions: Sequence[Vector]) -> Asked:
    confines, found, took = Confines(tenant=TENANT, user=user), [], []
    for vector in questions:
        began = time.perf_counter()
        closest = await index.nearest(confines, SPACE, vector, CLOSEST)
        took.append(1_000 * (time.perf_counter() - began))
        found.append([each.id for each in closest])
    return Asked(found, median(took))


def _indexed(
    connection: psycopg.Connection, candidates: int, questions: Sequence[Vector], exact: dict[str, Asked]
) -> dict[str, float]:
    """Return how long the index takes for each user, and which share it finds of the closest 5, and of all."""
    # Whatever the planner would choose, here the index is asked.
    for setting in ("enable_seqscan = off", "enable_sort = off", "hnsw.iterative_scan = relaxed_order"):
        connection.execute(f"SET {setting}".encode())
    connection.execute(f"SET hnsw.ef_search = {candidates}".encode())
    figures = {}
    for user, suffix in ((ALL, ""), (SHARED, "_of_a_tenth")):
        asked = _ask(connection, user, questions)
        pairs = list(zip(asked.found, exact[user].found, strict=True))
        figures[f"ms{suffix}"] = round(asked.ms, 1)
        figures[f"recall_at_5{suffix}"] = round(mean(_share(found, right[:5]) for found, right in pairs), 3)
        figures[f"recall_at_100{suffix}"] = round(mean(_share(found, right) for found, right in pairs), 3)
    return figures


def _ask(connection: psycopg.Connection, user: str, questions: Sequence[Vector]) -> Asked:
    found, took = [], []
    for vector in questions:
        began = time.perf_counter()
        rows = connection.execute(_NEAREST.encode(), (TENANT, user, _written(vector))).fetchall()
        took.append(1_000 * (time.perf_counter() - began))
        found.append([row[0] for row in rows])
    return Asked(found, median(took))


def _share(found: Sequence[str], right: Sequence[str]) -> float:
    return len(set(found) & set(right)) / len(right)


def _gauss(chance: Random) -> Vector:
    return [chance.gauss(0, 1) for _ in range(DIMENSION)]


def _near(chance: Random, centres: Sequence[Vector]) -> Vector:
    return [at + SPREAD * off for at, off in zip(chance.choice(centres), _gauss(chance), strict=True)]


def _written(vector: Vector) -> str:
    return f"[{','.join(f'{each:.5f}' for each in vector)}]"
