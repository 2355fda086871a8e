"""Let people allow calls beforehand, within bounds: which operation, which arguments, how often, how much, until when.

A standing approval has a stream of its own, ``<tenant>/standing-approval/<id>``. A session that uses it records that
there, in the very append in which it records that its call was allowed: so it is never used more often than it may be.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from domain.encoding import Json, canonical, parse
from domain.pointers import ABSENT, at, leaves, tokens


class Bound(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bound one place of the arguments, by its JSON pointer: one of ``values``, or a number from least to most.

    Numbers are written as text, "" for no limit. ``anything``: whatever stands there will do.
    """

    at: str
    values: tuple[Json, ...] = ()
    least: str = ""
    most: str = ""
    anything: bool = False


class StandingGiven(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="standing-approval.given.v1",
):
    """A person allowed calls of an operation beforehand.

    Every argument must lie within a bound; a call with one that none speaks of is not covered. ``amount_most`` limits
    the sum of what stands at ``amount_at`` over all uses.
    """

    id: str
    api: str
    operation: str
    uses: int
    until: datetime
    by: str
    reason: str
    bounds: tuple[Bound, ...] = ()
    amount_at: str = ""
    amount_most: str = ""


class StandingWithdrawn(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="standing-approval.withdrawn.v1",
):
    """A person took a standing approval back; calls that it allowed and that were not sent yet are asked about."""

    id: str
    by: str
    reason: str


class StandingUsed(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="standing-approval.used.v1",
):
    """A session's call was allowed by it; ``amount`` is what it took of the sum."""

    id: str
    session: str
    call: str
    request_digest: str
    amount: str = ""


StandingEvent: TypeAlias = StandingGiven | StandingWithdrawn | StandingUsed


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Be a standing approval at a version of its stream: how often it was used, and for how much."""

    given: StandingGiven
    used: int = 0
    spent: Decimal = Decimal(0)
    withdrawn: str = ""
    version: int = 1

    def over(self, now: datetime) -> str:
        """Say why it counts no longer, "" where it does."""
        if self.withdrawn:
            return self.withdrawn
        return "" if now < self.given.until else f"it ended at {self.given.until:%Y-%m-%d %H:%M:%S} UTC"


Standings: TypeAlias = Mapping[str, Standing]


def evolve(state: Standings, event: StandingEvent) -> Standings:
    """Return all standing approvals after an event."""
    if isinstance(event, StandingGiven):
        return {**state, event.id: Standing(given=event)}
    known = state.get(event.id)
    if known is None:
        return state
    if isinstance(event, StandingWithdrawn):
        changed = replace(known, withdrawn=f"{event.by} withdrew it: {event.reason}")
    else:
        changed = replace(known, used=known.used + 1, spent=known.spent + Decimal(event.amount or 0))
    return {**state, event.id: replace(changed, version=known.version + 1)}


def amount_of(given: StandingGiven, arguments: Any) -> Decimal | None:
    """Return what a call would take of the sum; None where that is no number, or less than nothing."""
    if not given.amount_at:
        return Decimal(0)
    amount = _number(at(arguments, tokens(given.amount_at)))
    return amount if amount is not None and amount >= 0 else None


def covers(standing: Standing, api: str, operation: str, arguments: Any, now: datetime) -> bool:
    """Tell whether a call is within everything that a standing approval allows."""
    given, amount = standing.given, amount_of(standing.given, arguments)
    if (given.api, given.operation) != (api, operation) or standing.over(now) or standing.used >= given.uses:
        return False
    if amount is None or (given.amount_most and amount > Decimal(given.amount_most) - standing.spent):
        return False
    places = [(tokens(bound.at), bound) for bound in given.bounds]
    spoken_of = all(any(path[: len(place)] == place for place, _ in places) for path, _ in leaves(arguments) if path)
    return spoken_of and all(_within(bound, at(arguments, place)) for place, bound in places)


def _within(bound: Bound, value: Any) -> bool:
    if bound.anything or (value is ABSENT and not bound.values and not bound.least and not bound.most):
        return True
    if bound.values and (value is ABSENT or canonical(value) not in [canonical(parse(each)) for each in bound.values]):
        return False
    if not bound.least and not bound.most:
        return bool(bound.values)
    number = _number(value)
    if number is None:
        return False
    return (not bound.least or number >= Decimal(bound.least)) and (not bound.most or number <= Decimal(bound.most))


def _number(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
