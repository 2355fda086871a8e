"""Wrap every event in what an auditor asks about it: who, when, why, under which rules.

An event as it is stored is one JSON object: the envelope's fields, and under ``data`` what happened, whose ``type``
is the topic, ``<aggregate>.<type>.v<n>``. Stream and version stand in the log's columns, not in the body.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec

from domain.ids import derive

Kind = Literal["fact", "consequence"]
Data = TypeVar("Data")
Held = TypeVar("Held", covariant=True)


class Actor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Name who acted; ``on_behalf_of`` is the person for whom a service or an agent did."""

    kind: Literal["person", "service", "agent", "system"]
    id: str
    on_behalf_of: str = ""


class EncryptedField(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Name the key, and the person it belongs to, under which one field is encrypted."""

    path: str
    key_id: str
    person: str = ""


class Event(msgspec.Struct, Generic[Held], frozen=True, kw_only=True, omit_defaults=True):
    """Hold one event as it is stored.

    A *fact* starts a group, and ``fact`` names it in each of its *consequences*. ``at`` is the time of the fact, for
    the whole group. ``command_id`` and ``request_digest`` stand only on an append's first fact.
    """

    id: str
    kind: Kind
    data: Held
    actor: Actor
    at: datetime
    correlation: str
    fact: str = ""
    causation: str = ""
    tenant: str = "local"
    lane: str = "standard"
    command_id: str = ""
    request_digest: str = ""
    behaviour: int = 1
    traceparent: str = ""
    keys: tuple[EncryptedField, ...] = ()


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Carry what the shell adds to a command or an observation before it becomes a fact.

    ``command_id`` names the request: random, or the digest of the caller's idempotency key. Event ids derive from it.
    """

    command_id: str
    actor: Actor
    at: datetime
    correlation: str
    tenant: str = "local"
    lane: str = "standard"
    request_digest: str = ""
    causation: str = ""
    behaviour: int = 1
    traceparent: str = ""


def fact_event(data: Data, context: Context, index: int) -> Event[Data]:
    """Wrap the fact that starts group number ``index`` of an append."""
    first = index == 0
    return Event(
        id=derive(context.command_id, index),
        kind="fact",
        data=data,
        actor=context.actor,
        at=context.at,
        correlation=context.correlation,
        causation=context.causation,
        tenant=context.tenant,
        lane=context.lane,
        command_id=context.command_id if first else "",
        request_digest=context.request_digest if first else "",
        behaviour=context.behaviour,
        traceparent=context.traceparent,
    )


def consequence_events(fact: Event[Data], consequences: Sequence[Data]) -> list[Event[Data]]:
    """Wrap what was decided from a fact; everything but the data follows from the fact's own envelope."""
    return [
        Event(
            id=derive(fact.id, index),
            kind="consequence",
            data=data,
            actor=fact.actor,
            at=fact.at,
            correlation=fact.correlation,
            fact=fact.id,
            causation=fact.id,
            tenant=fact.tenant,
            lane=fact.lane,
            behaviour=fact.behaviour,
            traceparent=fact.traceparent,
        )
        for index, data in enumerate(consequences)
    ]
