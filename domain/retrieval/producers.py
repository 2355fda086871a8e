"""Know which operations supply the ids that others need: `/search/person` those of `/person/{person_id}/images`."""

from collections.abc import Callable, Iterable, Sequence

from domain.retrieval.paths import Id, Path
from domain.retrieval.words import words

_LOOKING_UP = frozenset(words("search find lookup query list"))
_LOOKS_UP = 0.3
_DEEPER = 0.02
_LONGER = 0.01


class Producers:
    """Link operations by the ids that some supply and others need, once, by their numbers.

    An operation supplies the ids of the thing that its last fixed part names, if it only reads and does not itself end
    in an id. ``descriptions`` help to tell which of them look things up.
    """

    def __init__(self, apis: Sequence[str], paths: Sequence[Path], descriptions: Sequence[Sequence[str]]):
        self._apis, self._paths = apis, paths
        self._worth = [_worth(path, said) for path, said in zip(paths, descriptions, strict=True)]
        self._suppliers: dict[tuple[str, str], list[int]] = {}
        for number, path in enumerate(paths):
            if path.method == "GET" and path.parts and not path.ends_in_id:
                for thing in dict.fromkeys(path.parts[-1]):
                    self._suppliers.setdefault((apis[number], thing), []).append(number)

    def of(self, number: int, score: Callable[[int], float]) -> Iterable[int]:
        """Return for each id that an operation needs the best operation that supplies it.

        ``score`` says from 0 to 1 how well an operation fits what is asked.
        """
        known: set[str] = set()
        for each in self._paths[number].ids:
            able = self._able(number, each, known)
            if able:
                yield max(able, key=lambda other: (score(other) + self._worth[other], -other))
            known.add(each.name)

    def _able(self, number: int, needed: Id, known: set[str]) -> list[int]:
        """Return who supplies an id and needs no others than those that are known before it."""
        named = (self._suppliers.get((self._apis[number], thing), ()) for thing in sorted(needed.things))
        able = dict.fromkeys(other for suppliers in named for other in suppliers)
        return [other for other in able if other != number and self._paths[other].names <= known]


def _worth(path: Path, description: Sequence[str]) -> float:
    """Say how good a supplier is by itself: one that looks things up, by a short path with few ids."""
    looks_up = not _LOOKING_UP.isdisjoint({*description, *(word for part in path.parts for word in part)})
    return _LOOKS_UP * looks_up - _DEEPER * len(path.ids) - _LONGER * len(path.parts)
