"""Read an operation's path: its fixed parts, and which thing each of its ids belongs to."""

from typing import NamedTuple

from domain.retrieval.words import split, stem, words

PARTS_OF_IDS = frozenset(
    {"id", "ids", "name", "number", "key", "code", "slug", "uuid", "guid", "sid", "ref", "identifier"}
)


class Id(NamedTuple):
    """Be a parameter of a path; ``things`` are the stems of what it names: ``person`` for ``{person_id}``."""

    name: str
    things: frozenset[str]


class Path(NamedTuple):
    """Hold an operation's method, its fixed parts as words, and its ids, in order."""

    method: str
    parts: tuple[tuple[str, ...], ...]
    ids: tuple[Id, ...]
    ends_in_id: bool

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the ids."""
        return frozenset(each.name for each in self.ids)


def read_path(operation: str) -> Path:
    """Read ``METHOD path``."""
    method, _, path = operation.partition(" ")
    parts: list[tuple[str, ...]] = []
    ids: list[Id] = []
    for segment in filter(None, path.split("/")):
        if segment.startswith("{"):
            ids.append(_id(segment.strip("{}"), parts))
        else:
            parts.append(tuple(words(segment)))
    return Path(method=method, parts=tuple(parts), ids=tuple(ids), ends_in_id=path.endswith("}"))


def _id(name: str, before: list[tuple[str, ...]]) -> Id:
    """Take the thing from the id's own name, or where that is only `id`, from the part before it."""
    own = frozenset(stem(word) for word in split(name) if word not in PARTS_OF_IDS)
    return Id(name, own or frozenset(before[-1][-1:] if before else ()))
