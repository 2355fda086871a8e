"""Hold policy sets: rules in the Cedar language, as a text under a name.

What a set reads of a call's arguments it declares in comments, one a line, so that a text is a set by itself::

    // argument body.amount decimal
"""

import re
from typing import Literal, TypeAlias

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
    for where, kind in _DECLARED.findall(policy_set.text):
        place, _, name = where.partition(".")
        if place not in PLACES or not name or kind not in KINDS:
            raise Invalid(
                f"Expected `// argument PLACE.NAME KIND`, a place of {', '.join(PLACES)} and a kind of "
                f"{', '.join(KINDS)}, but {policy_set.name} declares {where!r} as {kind!r}."
            )
        arguments[place][name] = KINDS[kind]
    return arguments
