"""Read the tools that evaluations search through."""

import json
from pathlib import Path

import msgspec

from adapters.openapi.ingest import read_document
from domain.catalog.events import Tool
from domain.errors import Invalid
from ops.sample.shop import document

DOCUMENTS = (".json", ".yaml", ".yml")
NOWHERE = "http://127.0.0.1"


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the tools of many documents; ``unusable`` says of files why they gave none."""

    tools: tuple[Tool, ...]
    documents: int
    unusable: dict[str, str]


def read_pool(folder: Path) -> Pool:
    """Read every document of a folder, each as the API of its file's name; raise Invalid where there is none."""
    tools: list[Tool] = []
    unusable: dict[str, str] = {}
    files = sorted(file for file in folder.glob("*") if file.suffix in DOCUMENTS)
    for file in files:
        try:
            tools += read_document(file.read_bytes(), api=file.stem, base_url=NOWHERE).tools
        except Invalid as fault:
            unusable[file.name] = str(fault)
    if not tools:
        raise Invalid(f"Expected OpenAPI documents in {folder}, but there is none that can be used.")
    return Pool(tools=tuple(tools), documents=len(files) - len(unusable), unusable=unusable)


def shop_tools() -> tuple[Tool, ...]:
    """Return the tools of the sample shop."""
    return read_document(json.dumps(document(NOWHERE, keys=True)).encode(), api="shop", base_url=None).tools
