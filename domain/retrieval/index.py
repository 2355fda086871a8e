"""Index tools, and find those that a text asks for, together with those that supply the ids they need."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.catalog.events import Tool
from domain.retrieval.bm25 import Bm25, Gains
from domain.retrieval.covering import best, covering, strongest
from domain.retrieval.paths import read_path
from domain.retrieval.producers import Producers
from domain.retrieval.words import words

METHOD = "words.v1"
"""Names these rules; what they found is recorded with it."""

WEIGHTS = {"name": 0.5, "path": 1.0, "description": 1.0, "keywords": 0.4, "parameters": 0.2}
FOCUS = 0.5
FOCUS_ON = 3
CLOSEST = 200
EXPANDED = 10
WHOLE = 1000


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Name a tool that was found; ``score`` is in permille of the best one's."""

    tool: Tool
    score: int


class ToolIndex:
    """Index tools once; any number of texts can then be searched for."""

    def __init__(self, tools: Sequence[Tool]):
        self.tools = tuple(tools)
        paths = [read_path(tool.operation) for tool in tools]
        fields = [
            {
                "name": words(tool.name),
                "path": [word for part in path.parts for word in part],
                "description": words(tool.description),
                "keywords": words(tool.keywords),
                "parameters": words(" ".join(parameter_names(tool))),
            }
            for tool, path in zip(tools, paths, strict=True)
        ]
        self._apis = [tool.api for tool in tools]
        self._words = Bm25(fields, WEIGHTS)
        self._producers = Producers(self._apis, paths, [field["description"] for field in fields])

    def find(self, text: str, most: int, closeness: Sequence[float] = ()) -> list[Found]:
        """Return at most ``most`` tools, those that fit a text best first.

        ``closeness`` says of each tool how close its meaning is to the text's, up to 1, where somebody knows it.
        """
        gains = _shares(self._words.gains(words(text)))
        bonus = _bonus(closeness)
        scores = {number: sum(gains.get(number, {}).values()) + bonus.get(number, 0.0) for number in {*gains, *bonus}}
        factor = self._focus(scores)
        scores = {number: score * factor[number] for number, score in scores.items()}
        chosen = self._with_producers(covering(gains, bonus, factor, most), scores)[:most]
        top = max(scores.values(), default=0.0) or 1.0
        return [Found(tool=self.tools[each], score=round(WHOLE * scores.get(each, 0.0) / top)) for each in chosen]

    def _focus(self, scores: Mapping[int, float]) -> dict[int, float]:
        """Weigh tools by how well the best of their API fit: a text is seldom about many APIs at once."""
        by_api: dict[str, list[float]] = {}
        for number, score in scores.items():
            by_api.setdefault(self._apis[number], []).append(score)
        fit = {api: strongest(values, FOCUS_ON) for api, values in by_api.items()}
        top = max(fit.values(), default=0.0) or 1.0
        return {number: 1 - FOCUS + FOCUS * fit[self._apis[number]] / top for number in scores}

    def _with_producers(self, chosen: Sequence[int], scores: Mapping[int, float]) -> list[int]:
        """Put behind each tool at the top those that supply its ids."""
        top = max(scores.values(), default=0.0) or 1.0
        ordered: dict[int, None] = {}
        for number in chosen:
            expanded = len(ordered) < EXPANDED
            ordered[number] = None
            if expanded:
                ordered.update(dict.fromkeys(self._producers.of(number, lambda each: scores.get(each, 0.0) / top)))
        return list(ordered)


def parameter_names(tool: Tool) -> list[str]:
    """Return the names of what may be passed to a tool, over all groups."""
    schema: Any = msgspec.json.decode(tool.parameters)
    groups = schema.get("properties", {}) if isinstance(schema, dict) else {}
    members = (group.get("properties", {}) for group in groups.values() if isinstance(group, dict))
    return [name for properties in members if isinstance(properties, dict) for name in properties]


def _shares(gains: Mapping[int, Gains]) -> dict[int, dict[str, float]]:
    """Return gains as shares of the best text's score, so that they can be added to a closeness."""
    top = max((sum(each.values()) for each in gains.values()), default=0.0) or 1.0
    return {number: {word: gain / top for word, gain in each.items()} for number, each in gains.items()}


def _bonus(closeness: Sequence[float]) -> dict[int, float]:
    """Return the closest tools with their closeness as a share of the best one's."""
    positive = {number: value for number, value in enumerate(closeness) if value > 0}
    closest = best(positive)[:CLOSEST]
    return {number: positive[number] / positive[closest[0]] for number in closest}
