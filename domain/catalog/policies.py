"""Hold policy sets: rules in the Cedar language, as a text under a name.

What a set reads of a call's arguments it declares in comments, one a line, so that a text is a set by itself::

    // argument body.amount decimal

And which of its guards only observe. Where nothing is said, rules are enforced::

    // mode provenance observe
"""

import re
from typing import Literal, TypeAlias, cast, get_args

import msgspec

from domain.encoding import digest
from domain.errors import Invalid

Kind = Literal["text", "texts", "integer", "decimal", "boolean"]
Arguments: TypeAlias = dict[str, dict[str, Kind]]
"""Says by place and name which arguments rules read, and what kind of value they expect there."""

PLACES = ("path", "query", "header", "cookie", "body")
KINDS: dict[str, Kind] = {
    "text": "text",
    "texts": "texts",
    "integer": "integer",
    "decimal": "decimal",
    "boolean": "boolean",
}
MOST_BYTES = 256 * 1024
Guard = Literal["provenance", "plan-lock", "egress"]
"""Says what a rule that forbids guards, by its @guard: where values come from, the plan, or where private data goes."""
Mode = Literal["enforce", "observe"]
_TEXTS = re.compile(r'("(?:\\.|[^"\\])*")|//[^\r\n]*', re.DOTALL)
_MODE = re.compile(r"^\s*//\s*mode\s+(\S+)\s+(\S+)\s*$", re.MULTILINE)
_DECLARED = re.compile(r"^\s*//\s*argument\s+(\S+)\s+(\S+)\s*$", re.MULTILINE)


class PolicySet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold a named set of rules; its digest is what sessions pin and verdicts name."""

    name: str
    text: str

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the set's canonical form."""
        return digest(self)


def declared(policy_set: PolicySet) -> Arguments:
    """Return the arguments that a set's rules may read; raise Invalid where a declaration cannot be read."""
    arguments: Arguments = {place: {} for place in PLACES}
    for where, kind in _DECLARED.findall(_without_texts(policy_set)):
        place, _, name = where.partition(".")
        if place not in PLACES or not name or kind not in KINDS:
            raise Invalid(
                f"Expected `// argument PLACE.NAME KIND`, a place of {', '.join(PLACES)} and a kind of "
                f"{', '.join(KINDS)}, but {policy_set.name} declares {where!r} as {kind!r}."
            )
        arguments[place][name] = KINDS[kind]
    return arguments


def modes(policy_set: PolicySet) -> dict[Guard, Mode]:
    """Return whether a set enforces each guard or only observes; raise Invalid where a declaration cannot be read."""
    said: dict[Guard, Mode] = {}
    for guard, mode in _MODE.findall(_without_texts(policy_set)):
        if guard not in get_args(Guard) or mode not in get_args(Mode) or guard in said:
            raise Invalid(
                f"Expected `// mode GUARD MODE` once for each guard of {', '.join(get_args(Guard))}, a mode of "
                f"{', '.join(get_args(Mode))}, but {policy_set.name} declares {guard[:100]!r} as {mode[:100]!r}."
            )
        said[cast(Guard, guard)] = cast(Mode, mode)
    return {guard: said.get(guard, "enforce") for guard in get_args(Guard)}


def _without_texts(policy_set: PolicySet) -> str:
    """Return a set's text with nothing in its quoted texts: a line within one is no comment."""
    return _TEXTS.sub(lambda found: '""' if found[1] else found[0], policy_set.text)
