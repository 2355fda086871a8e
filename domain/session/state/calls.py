"""Hold what is asked and called: questions to models and to people, and requests to tools."""

from datetime import datetime
from typing import Literal

import msgspec

from domain.labels import FilledSlot
from domain.memory.recalling import RecalledMemory
from domain.session.events import Described, EffectClass, FoundFor, Purpose, Reassigned, Sourced, Strategy
from domain.session.proof import Consent, Terms


class ModelCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be a question that waits for a model's answer; ``fault`` says what was wrong with the last one.

    While ``lease_until`` is set, ``worker`` is asking; it claimed this attempt last, which shows earlier results by
    ``strategy``. ``found`` are the tools that were looked for beforehand, ``reassigned`` the steps of a plan just
    checked that go to others, ``recalled`` are memories, None where nobody asked for any yet. ``plan`` is what it shows
    of the plan beyond its own step, as that stood when a claim first settled this attempt, None before and where it
    shows none. ``catalog`` is the snapshot that it is asked on where its session has gone over to another since.
    """

    id: str
    purpose: Purpose
    agent: str
    recipe: str
    step: int = 0
    attempt: int = 1
    not_before: datetime | None = None
    fault: str = ""
    worker: str = ""
    lease_until: datetime | None = None
    found: tuple[FoundFor, ...] = ()
    reassigned: tuple[Reassigned, ...] = ()
    recalled: tuple[RecalledMemory, ...] | None = None
    strategy: Strategy = ""
    plan: str | None = None
    catalog: str = ""


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be the tool and the arguments that an agent chose, and which of them its plan had bound.

    A human may have chosen others, and gave ``consent`` with them. ``earlier`` are the terms of the question whose
    place the choice takes. ``described`` is what is wanted where its arguments did not fit.
    """

    call: str
    tool: str
    arguments: Sourced
    filled: tuple[FilledSlot, ...] = ()
    consent: Consent | None = None
    earlier: Terms | None = None
    described: tuple[Described, ...] = ()


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be the request that checked arguments make."""

    operation: str
    document: str
    effect_class: EffectClass
    repeatable: bool
    digest: str


class Approval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be a question that waits for a human; ``terms`` are what the answer is bound to."""

    id: str
    question: Literal["call", "outcome"]
    request_digest: str
    expires_at: datetime | None = None
    terms: Terms | None = None
    supersedes: str = ""


# What an owed call is doing


class Due(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="phase", tag="due"):
    """The attempt may be sent from ``not_before`` on."""

    attempt: int
    not_before: datetime


class InFlight(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="phase", tag="in-flight"):
    """A worker holds the lease and may be sending."""

    attempt: int
    worker: str
    lease_until: datetime


class OutcomeUnknown(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="phase", tag="outcome-unknown"
):
    """Nobody knows whether the attempt happened; a human is asked."""

    attempt: int
    approval: Approval | None = None
