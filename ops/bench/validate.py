"""Measure validation: a hundred invoices held against their schema, by the engine that judges and by the other.

With `REPRISE_EVAL_DATA` set the schema is that of Stripe's document and the invoice is Stripe's own fixture; else both
are small ones of our own. No server is involved. The engines take turns; each figure is the median over the rounds.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from ops.bench.invoices import DOCUMENT, INVOICE
from ops.bench.machine import machine

VALUES = 100
STUBBED = "nothing: the product's own conversion, compilation and validation; the invoices are one, a hundred times"
Judge = Callable[[Any], tuple[str, ...]]


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what is measured: reading a document and a value, and both engines over one schema of a document."""

    read_tree: Callable[[bytes], dict[str, Any]]
    read_value: Callable[[bytes], Any]
    judges: Callable[[dict[str, Any], Any, int], tuple[Judge, Judge]]


async def run(parts: Parts, *, data: str = "", rounds: int = 51) -> dict[str, object]:
    """Return the figures, and the machine they were measured on; ``data`` is a folder with real documents, or empty."""
    document, invoice, source = _material(data)
    figures = await asyncio.to_thread(_measure, parts, document, invoice, rounds)
    engines = {name: version(name) for name in ("jsonschema", "jsonschema-rs")}
    return {"machine": machine() | engines, "stubbed": STUBBED, "source": source, "rounds": rounds, **figures}


def _material(data: str) -> tuple[bytes, bytes, str]:
    folder = Path(data or "/nowhere") / "openapi"
    if not (folder / "stripe.json").exists():
        return json.dumps(DOCUMENT).encode(), json.dumps(INVOICE).encode(), "an invoice of our own"
    fixtures = json.loads((folder / "stripe-fixtures.json").read_bytes())
    invoice = json.dumps(fixtures["resources"]["invoice"]).encode()
    return (folder / "stripe.json").read_bytes(), invoice, "Stripe's document and fixture"


def _measure(parts: Parts, document: bytes, invoice: bytes, rounds: int) -> dict[str, object]:
    tree = parts.read_tree(document)
    begun = time.perf_counter()
    fast, slow = parts.judges(tree, {"$ref": "#/components/schemas/invoice"}, len(invoice))
    compiled = time.perf_counter() - begun
    values = [parts.read_value(invoice) for _ in range(VALUES)]
    taken = [(_seconds(fast, values), _seconds(slow, values)) for _ in range(rounds)]
    quick, other = (statistics.median(each) for each in zip(*taken, strict=True))
    return {
        "values": VALUES,
        "value_bytes": len(invoice),
        "compile_ms": round(compiled * 1_000, 2),
        "validate_100_ms": round(quick * 1_000, 3),
        "jsonschema_100_ms": round(other * 1_000, 1),
        "times_faster": round(other / quick),
    }


def _seconds(judge: Judge, values: Sequence[Any]) -> float:
    started = time.perf_counter()
    problems = [each for value in values for each in judge(value)]
    ended = time.perf_counter()
    assert not problems, problems[0]
    return ended - started
