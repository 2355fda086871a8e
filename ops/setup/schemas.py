"""Write the published schemas, or with --check hold the committed ones against the code.

A change that breaks what was written by a committed schema is refused in both.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from graphql import GraphQLError, build_schema, find_breaking_changes

from api.graphql.schema import printed
from api.schemas.breaking import Break, breaking
from api.schemas.published import ANSWERS, published
from api.schemas.reading import unreadable
from domain.upcasting import UPCASTS

FOLDER = Path(__file__).resolve().parents[2] / "api" / "schemas"
GRAPHQL = "schema.graphql"
EVENT_ADVICE = "Events are stored for ever: give this one a new version, and upcast the old one in domain/upcasting.py."
ADVICE = (
    "Callers rely on it: keep the old beside the new. What nobody can have read yet: delete the file and write again."
)


@dataclass(frozen=True)
class Change:
    """Be one file that is not as it was committed, ``text`` is what it should be; nothing where it should be gone."""

    path: str
    text: str | None
    known: bool = True
    breaks: tuple[Break, ...] = ()

    def __str__(self) -> str:
        if not self.breaks:
            return f"{self.path}: {'changed, and compatible' if self.known else 'new'}"
        lines = [f"{self.path}: BREAKING {each}" for each in self.breaks]
        return "\n".join([*lines, f"  {EVENT_ADVICE if self.path.startswith('events/') else ADVICE}"])


def main(arguments: list[str]) -> int:
    """Print every difference and return the exit code: 1 where something breaks, or with --check differs at all."""
    found = list(changes(committed(FOLDER), generated()))
    for change in found:
        print(change)
    broken = any(change.breaks for change in found)
    if arguments == ["--check"]:
        if found and not broken:
            print("The committed schemas are not those of the code: run `make schemas`.")
        return 1 if found else 0
    if not broken:
        write(FOLDER, found)
    print("Nothing was written." if broken else f"{len(found)} files were written.")
    return 1 if broken else 0


def generated() -> dict[str, str]:
    """Return all schemas of the present code as text, by their paths."""
    schemas = {path: json.dumps(schema, sort_keys=True, indent=2) + "\n" for path, schema in published().items()}
    return {**schemas, GRAPHQL: printed()}


def committed(folder: Path) -> dict[str, str]:
    """Return the text of all schemas in a folder, by their paths."""
    paths = [*folder.glob("*/*.json"), *folder.glob(GRAPHQL)]
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}


def write(folder: Path, found: list[Change]) -> None:
    """Write what changed."""
    for change in found:
        path = folder / change.path
        path.parent.mkdir(exist_ok=True)
        path.write_text(change.text or "", "utf-8")


def changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    """Compare committed schemas with generated ones; those of events that are still upcast are kept as they are."""
    upcast = {f"events/{topic}.json" for topic in UPCASTS}
    for path in sorted({*old, *new, *upcast}):
        if path in upcast:
            if path not in old:
                yield Change(path, None, breaks=(Break("", "such events are still read, but their schema is gone"),))
        elif old.get(path) != new.get(path):
            broken = tuple(_breaks(path, old.get(path), new.get(path)))
            yield Change(path, new.get(path), known=path in old, breaks=broken)


def _breaks(path: str, old: str | None, new: str | None) -> Iterator[Break]:
    if old is None:
        return
    if new is None:
        yield Break("", "the type is removed")
        return
    try:
        yield from _compared(path, old, new)
    except (ValueError, GraphQLError) as fault:  # left by a merge, say
        (said, *_) = str(fault).splitlines()
        yield Break("", f"what is committed cannot be read ({said}): restore it")


def _compared(path: str, old: str, new: str) -> Iterator[Break]:
    if path == GRAPHQL:
        for each in find_breaking_changes(build_schema(old), build_schema(new)):
            yield Break("", each.description.removesuffix("."))
    else:
        yield from (unreadable if path in ANSWERS else breaking)(json.loads(old), json.loads(new))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
