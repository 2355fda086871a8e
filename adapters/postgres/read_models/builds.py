"""Ask for builds of read models and steer them: the read side's Builds on Postgres."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from uuid import uuid4

from adapters.postgres.connections import Pool
from adapters.postgres.read_models.reader import READING
from adapters.postgres.read_models.statements import named
from domain.errors import CommandReused, NotFound, NotPossible
from projections.building import Build, State
from projections.registry import READ_MODELS
from projections.rows import ReadModel

BUILDING = named(files(__package__).joinpath("building.sql").read_text("utf-8"))
"""Statement by name."""


class PostgresBuilds:
    """Implement Builds over the read models that this code knows."""

    def __init__(self, url: str, models: Mapping[str, ReadModel] = READ_MODELS):
        self._pool = Pool(url, size=1)
        self._models = models

    async def close(self) -> None:
        """Close the connection."""
        await self._pool.close()

    async def request(self, name: str, *, check: bool, by: str, key: str = "") -> Build:
        """Ask for a build, or with ``check`` for a comparison only; the same key with the same request asks once."""
        model, key = self._model(name), key or uuid4().hex
        values = {"name": name, "version": model.version, "check": check, "by": by, "key": key}
        await self._pool.fetch(_text("request"), **values)
        rows = await self._pool.fetch(_text("of_key"), key=key)
        build = await self._newest(model)
        if not rows and build:
            raise NotPossible(f"Read model {name} is being rebuilt already ({_words(build)}): {_advice(build)}")
        if not build or (build.id, build.checking) != (rows[0][0], check):
            raise CommandReused(f"The idempotency key {key[:50]!r} came with another rebuild: take a new one.")
        return build

    async def newest(self, name: str) -> Build:
        """Return the last build that was asked for; raise NotFound."""
        if build := await self._newest(self._model(name)):
            return build
        raise NotFound(f"Expected a build of read model {name}, but none was ever asked for.")

    async def pause(self, name: str) -> Build:
        """Let a build rest, from its next batch of events on."""
        return await self._steer(name, "paused", ("requested", "building", "comparing"))

    async def resume(self, name: str) -> Build:
        """Let a build go on that was paused, or that its process left."""
        build = await self.newest(name)
        if build.held or build.state == "requested":
            raise NotPossible(f"The build of read model {name} goes on already ({_words(build)}).")
        return await self._steer(name, "requested", ("paused", "building", "comparing"))

    async def abort(self, name: str) -> Build:
        """End a build; its next form is dropped."""
        return await self._steer(name, "aborted", ("requested", "building", "comparing", "paused"))

    async def _steer(self, name: str, state: State, allowed: Sequence[State]) -> Build:
        while (build := await self.newest(name)).state in allowed:
            values = {"id": build.id, "seen": build.state, "state": state}
            await self._pool.fetch(_text("steer"), **values)
        if build.state == state:
            return build
        raise NotPossible(
            f"Expected a build of read model {name} that can be {state}, but the last one is {build.state}."
        )

    async def _newest(self, model: ReadModel) -> Build | None:
        rows = await self._pool.fetch_columns(READING["builds"].decode(), name=model.name, version=model.version)
        return Build(**rows[0]) if rows else None

    def _model(self, name: str) -> ReadModel:
        if name not in self._models:
            raise NotFound(f"Expected a read model out of {', '.join(self._models)}, but got {name[:100]!r}.")
        return self._models[name]


def _text(statement: str) -> str:
    return BUILDING[statement].decode()


def _words(build: Build) -> str:
    return f"{build.state}, at position {build.position:,} of {build.head:,}"


def _advice(build: Build) -> str:
    match build.state:
        case "paused":
            return "resume it, or abort it first."
        case "requested":
            return "wait until a projector takes it, or abort it first."
        case _ if build.held:
            return "wait until that has ended, or abort it first."
        case _:
            return "its process has ended: resume it, or abort it first."
