"""Remember the facts of an office, and ask for them: in their own words, in others, and with slips of the pen.

Everything goes the product's way: redacted, embedded, recorded, projected, and found by pgvector. All memories are of
the same minute, so how new they are tells nothing. Another user and another tenant remember every third of them
too; what of theirs is recalled has leaked.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from commands.authorize import LOCAL
from commands.memory.remembering import ToRemember, remember
from commands.ports import Confines
from domain.envelope import Actor, Context
from domain.errors import Invalid, NotPossible
from ops.bootstrap.core import Core
from ops.bootstrap.evaluation import scratch_server
from ops.bootstrap.read_models import catch_up
from ops.bootstrap.remembering import scratch_core
from ops.cli.reach import context
from ops.evaluation.suite import Figures, Suite, Wanted

DATA = Path(__file__).with_name("memory_own.txt")
EMBEDDERS = ("hashing", "minilm")
WAYS = {"=": "own_words", "~": "other_words", "%": "slips"}
WITHIN = 5


class Question(msgspec.Struct, frozen=True):
    """Ask, in a way, for the memory at a place of the list."""

    way: str
    text: str
    place: int


class Office(msgspec.Struct, frozen=True):
    """Hold what is remembered, as subject and text, and what is asked."""

    memories: tuple[tuple[str, str], ...]
    questions: tuple[Question, ...]


def office(file: Path = DATA) -> Office:
    """Read a set; raise Invalid where a line is none of it."""
    memories: list[tuple[str, str]] = []
    questions: list[Question] = []
    for line in filter(None, map(str.strip, file.read_text("utf-8").splitlines())):
        sign, _, rest = line.partition(" ")
        if sign == "+" and ": " in rest:
            subject, _, text = rest.partition(": ")
            memories.append((subject, text))
        elif sign in WAYS and memories:
            questions.append(Question(WAYS[sign], rest, len(memories) - 1))
        elif sign != "#":
            raise Invalid(f"Expected `+ subject: text`, then questions by {', '.join(WAYS)}, but got {line[:60]!r}.")
    return Office(tuple(memories), tuple(questions))


async def recall_over(core: Core, known: Office) -> dict[str, float]:
    """Return which share of the questions, of each way and of all, has its memory among the first five."""
    own, others = context(core), known.memories[::3]
    places = {memory: place for place, memory in enumerate(await _remembered(core, known.memories, own))}
    await _remembered(core, others, replace(own, actor=Actor(kind="person", id="stranger")))
    await _remembered(core, others, replace(own, tenant="another"))
    await catch_up(core)
    found, of_all, now = Counter[str](), Counter[str](), core.shell.clock.now()
    for question in known.questions:
        confines = Confines(tenant=LOCAL.tenant, user=context(core).actor.id)
        first = await core.shell.memory.recall(confines, question.text, now, WITHIN)
        hit = int(question.place in [places.get(each.memory.id) for each in first])
        of_all.update((question.way, "recall_at_5"))
        found.update({question.way: hit, "recall_at_5": hit})
        found["leaked"] += sum(each.memory.id not in places for each in first)
    return {"leaked": found["leaked"]} | {way: round(found[way] / of_all[way], 3) for way in sorted(of_all)}


async def _remembered(core: Core, memories: Sequence[tuple[str, str]], who: Context) -> list[str]:
    """Remember subjects and texts as somebody; return the ids in order."""
    written = []
    for subject, text in memories:
        asked = ToRemember(text=text, subject=subject)
        own = replace(who, command_id=core.shell.chance.command_id())
        written.append((await remember(core.catalogue, core.shell, asked, own)).id)
    return written


async def run(wanted: Wanted) -> Figures:
    """Measure each embedder that is installed."""
    known, figures, missing = office(), dict[str, dict[str, float]](), list[str]()
    async with scratch_server(wanted.settings) as server:
        for done, name in enumerate(EMBEDDERS):
            wanted.progress(done, len(EMBEDDERS))
            try:
                async with scratch_core(replace(wanted.settings, embedder=name), server) as core:
                    figures[name] = await recall_over(core, known)
            except NotPossible:
                missing.append(name)
    return {
        "cases": len(known.questions),
        "memories": len(known.memories),
        **figures,
        "not_installed": ", ".join(missing),
    }


SUITE = Suite(
    name="memory",
    words="Find what an office remembers among the first five, by each embedder; needs no data.",
    source="",
    run=run,
    figures=(
        "cases",
        "memories",
        *(f"{embedder}.{name}" for embedder in EMBEDDERS for name in ("leaked", "recall_at_5", *WAYS.values())),
    ),
)
