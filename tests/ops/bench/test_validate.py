"""The validation bench measures what the product does, with a document of its own where no other is given."""

from pathlib import Path

from ops.bench.validate import run
from ops.bootstrap.benches import validate_parts


async def test_every_figure_is_there_without_any_data(tmp_path: Path) -> None:
    figures = await run(validate_parts(), data=str(tmp_path), rounds=3)
    assert {"validate_100_ms", "jsonschema_100_ms", "compile_ms", "machine", "stubbed"} <= figures.keys()
    assert figures["source"] == "an invoice of our own" and figures["values"] == 100
