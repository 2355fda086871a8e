"""Say what an approval is bound to, and how what would be sent now differs from that.

A human allows one request and nothing else: the terms name everything that it depends on, and their digest, the proof,
is shown to the human, recorded with the answer, and held against what is about to be sent.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from domain.changes import changes
from domain.encoding import Json, digest, encode

Demand = Literal["four-eyes", "reason"]
"""What a rule asks of the human who allows a call: to be another than who asks for it, to say why."""

MOST_CHARACTERS = 500
_COMPARED = ("requester", "operation", "document", "arguments", "request_digest", "policy_set")


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold what an approval is bound to; ``arguments`` and ``policy_set`` are digests, ``rules`` are those that ask."""

    session: str
    approval: str
    requester: str
    operation: str
    document: str
    arguments: str
    request_digest: str
    policy_set: str
    rules: tuple[str, ...]
    expires_at: datetime
    demands: tuple[Demand, ...] = ()

    @property
    def proof(self) -> str:
        """Return the digest of all of it."""
        return digest(self)


class Difference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Name what is not as it was when a human was asked: a term, or a JSON pointer into the arguments."""

    field: str
    before: str
    now: str


class Consent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say which human chose arguments in place of those that were asked about, and by that allowed what they make."""

    by: str
    reason: str
    changed: tuple[Difference, ...] = ()


def drift(before: Terms, now: Terms, at: datetime) -> tuple[Difference, ...]:
    """Return how a request, and what is asked about it, departs from the terms that a human agreed to.

    Rules that ask no more, and demands that are made no more, are no departure.
    """
    differing = [
        Difference(field=name, before=getattr(before, name), now=getattr(now, name))
        for name in _COMPARED
        if getattr(before, name) != getattr(now, name)
    ]
    if set(now.rules) - set(before.rules):
        differing.append(Difference(field="rules", before=_listed(before.rules), now=_listed(now.rules)))
    if set(now.demands) - set(before.demands):
        differing.append(Difference(field="demands", before=_listed(before.demands), now=_listed(now.demands)))
    if before.expires_at <= at:
        differing.append(Difference(field="expires_at", before=before.expires_at.isoformat(), now=at.isoformat()))
    return tuple(differing)


def edits(before: Json, after: Json) -> tuple[Difference, ...]:
    """Return how arguments differ, each place by its JSON pointer, both values as JSON; empty stands for absent."""
    found = changes(before, after, most=50)
    return tuple(
        Difference(
            field=each.path or "/",
            before="" if each.op == "add" else _shown(each.before),
            now="" if each.op == "remove" else _shown(each.after),
        )
        for each in found
    )


def unmet(demands: Sequence[Demand], *, by: str, requester: str, reason: str) -> tuple[Demand, ...]:
    """Return the demands that a human's answer does not meet."""
    met = {"four-eyes": by != requester, "reason": bool(reason.strip())}
    return tuple(demand for demand in demands if not met[demand])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _shown(value: object) -> str:
    return encode(value).decode()[:MOST_CHARACTERS]
