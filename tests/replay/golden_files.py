"""Golden histories: sessions as they were once recorded. From the first tagged version on they are only ever added.

``python -m tests.replay.golden_files`` writes those runs that have no file yet; what is there is never written again.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from domain.encoding import Json, digest, plain
from domain.replay import Row, replay, state_digest
from domain.session.state import SCHEMA, Session
from tests.domain.story import SESSION
from tests.replay.runs import RUNS, recorded

FOLDER = Path(__file__).parent / "golden"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Be one line of a golden file: a stored event, its JSON word for word."""

    version: int
    topic: str
    state: Json


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Be the last line of a golden file: what its replay must find; the digest covers a state laid out so."""

    events: int
    facts: int
    state_digest: str
    schema: str = "session-state.v1"


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write a recorded session and what its replay finds."""
    found = replay(SESSION, rows, execute=True)
    lines = [Line(version=row.version, topic=row.topic, state=msgspec.Raw(row.state)) for row in rows]
    summary = Summary(events=found.events, facts=found.facts, state_digest=found.state_digest, schema=SCHEMA)
    path.write_bytes(b"\n".join(map(msgspec.json.encode, [*lines, summary])) + b"\n")


def read(path: Path) -> tuple[list[Row], Summary]:
    """Read a golden file."""
    *lines, summary = path.read_bytes().splitlines()
    decoded = [msgspec.json.decode(line, type=Line) for line in lines]
    rows = [Row(version=line.version, topic=line.topic, state=bytes(line.state)) for line in decoded]
    return rows, msgspec.json.decode(summary, type=Summary)


def digest_in(schema: str, state: Session | None) -> str:
    """Return a state's digest in the layout of a time: the first had no dead letters."""
    if schema == SCHEMA or state is None:
        return state_digest(state)
    assert schema == "session-state.v1", schema
    return digest({"schema": schema, "state": plain(replace(state, letters=()))})


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in RUNS:
        path = FOLDER / f"{name}.v1.jsonl"
        if not path.exists():
            write(path, recorded(name))
            print(f"wrote {path.name}")
