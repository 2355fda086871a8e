"""Say everything that can happen to prices and to the accounts that pay for sessions.

A price list's stream is ``<tenant>/price-list/<name>``, an account's ``<tenant>/account/<name>``; the accounts are
``tenant`` and ``user:<id>``. An allotment stands in its session's stream too, in the same append.
"""

from typing import Literal, TypeAlias

import msgspec

from domain.budget.amounts import Amounts, Ceilings

Period: TypeAlias = Literal["total", "month", "day"]


class PriceListRegistered(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="price-list.registered.v1",
):
    """A revision of a price list was kept, as the blob under ``digest``; nothing is charged by it yet."""

    name: str
    digest: str
    currency: str


class PriceListActivated(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="price-list.activated.v1",
):
    """A revision of a price list came into force for every session that starts from now on."""

    name: str
    digest: str
    currency: str
    reason: str


class AccountLimited(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="account.limited.v1"
):
    """An account got limits in place of those it had, for each period, or in total; without any it pays for all."""

    account: str
    limits: Ceilings
    period: Period
    by: str
    reason: str
    currency: str = ""


class AllotmentGiven(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="allotment.given.v1"
):
    """An account handed amounts to a session: they count as used up until the session says what it spent."""

    account: str
    session: str
    allotment: str
    amounts: Amounts


class AllotmentSettled(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="allotment.settled.v1"
):
    """A session said what it spent of all that the account had handed to it, and gave the rest back."""

    account: str
    session: str
    spent: Amounts


class AllotmentAwaited(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="allotment.awaited.v1"
):
    """A session was paused, for the account has too little left; it goes on when the account's limits are set anew."""

    account: str
    session: str


AccountEvent: TypeAlias = AccountLimited | AllotmentGiven | AllotmentSettled | AllotmentAwaited
PriceEvent: TypeAlias = PriceListRegistered | PriceListActivated
