"""Find tools in words: `tools search`."""

import click

from domain.catalog.overriding import as_said
from ops.cli.output import count, cut, result, table
from ops.cli.reach import core
from ops.cli.verb import verb


@verb(name="search")
@click.argument("text")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100), help="How many at most.")
async def search(text: str, limit: int) -> None:
    """Find the tools that a text asks for, with those that supply the ids they need."""
    async with core() as opened:
        catalog = await opened.catalogue.current("local")
        every = [tool for document in catalog.documents.values() for tool in as_said(document)]
        findings = await opened.shell.finder.find(every, text, limit, patient=True)
    shown = [
        {"score": each.score, "name": each.tool.name, "api": each.tool.api, "operation": each.tool.operation}
        | {"effect_class": each.tool.effect_class, "description": each.tool.description}
        for each in findings.found
    ]
    result(
        {"method": findings.method, "of": len(every), "tools": shown},
        lambda: (
            table(
                ["score", "name", "api", "operation", "description"],
                [(e.score, e.tool.name, e.tool.api, e.tool.operation, cut(e.tool.description)) for e in findings.found],
            )
            if shown
            else f"None of {count(len(every), 'tool')} shares a word with that: `reprise tools list` shows them all."
        ),
    )
