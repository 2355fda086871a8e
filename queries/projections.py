"""Ask how far read models are, and how far those are that are built anew."""

from datetime import datetime

import msgspec

from projections.building import Build
from queries.ports import ReadStore
from queries.shapes import shaped


class ProjectionShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show how far a version of a read model is: ``lag`` events are in the log but not in it yet.

    ``ours`` are the versions that this code reads; ``build`` is the last that was asked for.
    """

    name: str
    version: int
    position: int
    head: int
    lag: int
    updated_at: datetime
    ours: bool
    build: Build | None = None


async def list_projections(store: ReadStore, *, every: bool = False) -> list[ProjectionShown]:
    """Return how far each of this code's read models is, or with ``every`` other versions that stand there too."""
    builds = [shaped(Build, row) for row in await store.fetch("builds", name="", version=0)]
    newest = {(build.name, build.version): build for build in builds}
    return [
        shaped(ProjectionShown, {**row, "build": newest.get((row["name"], row["version"]))})
        for row in await store.fetch("projections")
        if row["ours"] or every
    ]
