"""Say what a tool's answers are: whether they may be trusted, and whether they are private.

An operator's word counts. Else its name, its path and what it takes tell:

1. Answers hold what others wrote, and are not trusted, except those of a tool that only reads, takes nothing and tells
   nothing but who its user is, what he has and what time it is: every word of its name, without the verb, is of `OWN`.
   Users, accounts and profiles in the plural are those of others.
2. Answers are private, except those of a tool that only reads and names something that everybody can see (`PUBLIC`).
"""

from domain.catalog.arguments import schemas_of
from domain.catalog.events import Tool
from domain.catalog.vocabulary import OWN, PUBLIC, READING, spelt, words
from domain.labels import Label


def output_label(tool: Tool) -> Label:
    """Label the answers of a tool, its arguments aside."""
    return Label(
        sources=(f"tool:{tool.name}",),
        trusted=_tells_of_its_user(tool) if tool.trusted is None else tool.trusted,
        private=not _tells_everybody(tool) if tool.private is None else tool.private,
    )


def _tells_of_its_user(tool: Tool) -> bool:
    named = spelt(tool.name)
    things = named[1:] if named and named[0] in READING else named
    return tool.effect_class == "read" and bool(things) and OWN.issuperset(things) and not schemas_of(tool.parameters)


def _tells_everybody(tool: Tool) -> bool:
    named = {*words(tool.name), *words(tool.operation.partition(" ")[2])}
    return tool.effect_class == "read" and not PUBLIC.isdisjoint(named)
