"""Hold what a session may still spend."""

from datetime import datetime

import msgspec

from domain.budget.amounts import Amounts


class Reservation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be what is kept for an attempt until it is answered, or until its lease lapses.

    ``agent`` is whose attempt it is, where that agent's own use is limited.
    """

    call: str
    attempt: int
    amounts: Amounts
    until: datetime
    agent: str = ""


class Wanted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be an attempt that waits for its accounts to pay for it, asked ``tries`` times in vain.

    Where one ``refused`` it, the session is paused, until ``reopens_at`` at the latest if that is known.
    """

    call: str
    attempt: int
    needed: Amounts
    not_before: datetime
    tries: int = 0
    refused: bool = False
    reopens_at: datetime | None = None


class AgentUse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be what one agent has used so far."""

    agent: str
    amounts: Amounts = Amounts()


class Meter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Count what is reserved and what accounts handed over; ``settled`` is what they were told of already.

    ``used`` counts what agents have used that are limited themselves. Accounts that are ``joining`` have handed over
    nothing yet of what others did. While the accounts are ``unasked``, since others pay now or for other things,
    nothing is reserved.
    """

    allotted: Amounts = Amounts()
    allotments: int = 0
    settled: Amounts = Amounts()
    reservations: tuple[Reservation, ...] = ()
    wanted: Wanted | None = None
    halted_ms: int = 0
    used: tuple[AgentUse, ...] = ()
    joining: tuple[str, ...] = ()
    unasked: bool = False
