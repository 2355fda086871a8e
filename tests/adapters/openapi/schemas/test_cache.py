"""Compiled schemas are made once, kept within bounds, and counted."""

from adapters.openapi.schemas.cache import CompiledSchemas, estimate
from adapters.openapi.schemas.conversion import Schema

SMALL: Schema = {"type": "string"}


def test_a_schema_is_compiled_once_and_counted() -> None:
    cache, made = CompiledSchemas(), []

    def make() -> Schema:
        made.append(SMALL)
        return SMALL

    first = cache.get("a", make)
    assert cache.get("a", make) is first
    assert len(made) == 1
    assert (cache.counts.hits, cache.counts.misses, cache.counts.kept) == (1, 1, 1)
    assert cache.counts.bytes == estimate(SMALL)


def test_what_was_not_needed_for_the_longest_time_is_dropped() -> None:
    cache = CompiledSchemas(most=2)
    for key in ("a", "b", "a", "c"):
        cache.get(key, lambda: SMALL)
    assert (cache.counts.kept, cache.counts.dropped) == (2, 1)
    cache.get("a", lambda: SMALL)
    assert cache.counts.hits == 2, "a was needed after b"


def test_large_schemas_push_out_others_but_never_themselves() -> None:
    large: Schema = {"enum": ["x" * 100] * 100}
    cache = CompiledSchemas(most_bytes=estimate(large))
    cache.get("small", lambda: SMALL)
    kept = cache.get("large", lambda: large)
    assert cache.counts.kept == 1 and cache.counts.bytes == estimate(large)
    assert cache.get("large", lambda: SMALL) is kept
