"""Facts: what was looked for, and found."""

import msgspec

from domain.memory.recalling import RecalledMemory
from domain.session.events.shapes import Fact
from domain.session.events.vocabulary import Permille


class FoundTool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Name a tool that was found, with how well it fits, in permille of the best."""

    name: str
    score: Permille = 0


class FoundFor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold what was found for an agent, the best first."""

    agent: str
    tools: tuple[FoundTool, ...]


class ToolsFound(Fact, frozen=True, kw_only=True, tag="session.tools-found.v1"):
    """Tools were looked for by a text before a model is asked ``call``; ``method`` names how they were found."""

    call: str
    text: str
    method: str
    found: tuple[FoundFor, ...]


class MemoriesRecalled(Fact, frozen=True, kw_only=True, tag="session.memories-recalled.v1"):
    """Memories were recalled by a text before a model is asked ``call``; ``space`` is where they were compared.

    ``problem`` says why none could be: the question is asked without them.
    """

    call: str
    text: str
    space: str = ""
    memories: tuple[RecalledMemory, ...] = ()
    problem: str = ""
