"""Read what a prompt shows: the goal, the tools with what they take, the step, and earlier results."""

import re
from typing import Any

import msgspec

from domain.encoding import parse
from domain.errors import Invalid
from domain.retrieval.paths import PARTS_OF_IDS
from domain.retrieval.words import split, stem, words

_GOAL = re.compile(r"^GOAL\n(.*?)(?=\n\n(?:CONTEXT|AGENTS|STEP|RESULT|Answer)\b|\Z)", re.S)
_AGENTS = re.compile(r"\n\nAGENTS and what they may use\n(.*?)(?=\n\n|\Z)", re.S)
_AGENT = re.compile(r"^- (\S+) \((\S+)\)$")
_TOOL = re.compile(r"^ {4}([A-Za-z0-9_-]{1,64}): (.*)$")
_TAKES = re.compile(r"^ {6}takes (.*)$")
_AGAIN = re.compile(r"^ {4}as above: (.*)$")
_PLANNED = re.compile(r"^The plan calls (\S+) here( and fills|\.)", re.M)
_BOUND = re.compile(r"^- (/\S*): ", re.M)
_RESULT = re.compile(
    r"(?:\A|\n\n)RESULT of step (\d+) \(.*?\), from (\S+)\n(.*?)(?=\n\nRESULT of step|\n\nTOOLS|\n\nAnswer|\Z)", re.S
)
_SCHEMA = re.compile(r"^- ([A-Za-z0-9_-]{1,64}) \([A-Z]+ [^)]*\): .*\n {2}(\{.*\})$", re.M)


class SeenTool(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a tool as a planner is shown it; ``place`` is how far behind the best it stands.

    ``needs`` are the JSON pointers of what it must be given, ``own`` the stems of its name's words.
    """

    name: str
    place: int
    agent: str
    description: str = ""
    needs: tuple[str, ...] = ()

    @property
    def own(self) -> tuple[str, ...]:
        """Return the words of its name."""
        return tuple(stem(word) for word in split(self.name))

    def things(self) -> tuple[frozenset[str], ...]:
        """Return of each id in its path which thing it is of, as stems: ``person`` of ``/path/person_id``."""
        return tuple(self._thing(where.rpartition("/")[2]) for where in self.needs if where.startswith("/path/"))

    def _thing(self, argument: str) -> frozenset[str]:
        named = frozenset(stem(word) for word in split(argument) if word not in PARTS_OF_IDS)
        before = [earlier for earlier, word in zip(self.own, self.own[1:], strict=False) if word == "id"]
        return named or frozenset(before[-1:])


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what an earlier step found, as far as it is shown."""

    step: int
    source: str
    text: str

    @property
    def value(self) -> Any:
        """Return it as a value, None where it is none or was cut."""
        try:
            return parse(self.text.encode())
        except Invalid:
            return None


def goal_of(text: str) -> str:
    """Return the goal."""
    found = _GOAL.search(text)
    return found[1].strip() if found else ""


def goal_words(text: str) -> frozenset[str]:
    """Return the stems of a goal's words."""
    return frozenset(words(text))


def tools_of(text: str) -> list[SeenTool]:
    """Return the tools that a planner is shown, the best first; each for the first agent that may use it.

    Executors come before others: what they may do is theirs.
    """
    found = _AGENTS.search(text)
    shown: dict[str, SeenTool] = {}
    agent, role, latest = "", "", ""
    for line in found[1].splitlines() if found else ():
        if head := _AGENT.match(line):
            agent, role = head[1], head[2]
        elif tool := _TOOL.match(line):
            latest = tool[1]
            shown[latest] = SeenTool(name=latest, place=len(shown), agent=agent, description=tool[2])
        elif (taken := _TAKES.match(line)) and latest in shown:
            needs = (each.removesuffix(" (needed)") for each in taken[1].split(", ") if each.endswith(" (needed)"))
            shown[latest] = msgspec.structs.replace(shown[latest], needs=tuple(needs))
        elif (again := _AGAIN.match(line)) and role == "executor":
            for name in again[1].split(", "):
                if name in shown:
                    shown[name] = msgspec.structs.replace(shown[name], agent=agent)
    return list(shown.values())


def planned_tool(text: str) -> str:
    """Return the tool that a step's plan calls, an empty string where it names none."""
    found = _PLANNED.search(text)
    return found[1] if found else ""


def bound_of(text: str) -> tuple[str, ...]:
    """Return which arguments the plan fills: they are left out."""
    found = _PLANNED.search(text)
    return tuple(_BOUND.findall(text[found.end() :].partition("\n\n")[0])) if found else ()


def results_of(text: str) -> list[Result]:
    """Return what earlier steps found, the latest last."""
    return [
        Result(step=int(number), source=source, text=held.strip()) for number, source, held in _RESULT.findall(text)
    ]


def schemas_of(text: str) -> dict[str, Any]:
    """Return the parameters of the tools that an agent is shown, by name."""
    return {name: parse(schema.encode()) for name, schema in _SCHEMA.findall(text)}
