"""A budget that was too low is a violation, costs are in money, and what a session owes its accounts is open work."""

from collections.abc import Callable
from uuid import UUID

from domain.replay import Row as Recorded_
from domain.upcasting import Unknown, read
from projections import costs, open_work, session, violations
from projections.ports import Recorded
from projections.rows import Row, coalesce
from tests.replay.runs import recorded

STREAM = UUID(int=7)


def rows_of(name: str, model: Callable[..., object]) -> list[Row]:
    """Return what a model makes of a recorded run, changes to one row put together."""
    changed: list[Row] = []
    for row in recorded(name):
        event = read(row.topic, row.state)
        assert not isinstance(event, Unknown)
        changed += model(event, _recorded(row))  # type: ignore[arg-type]
    return [row for rows in coalesce(changed).values() for row in rows]


def _recorded(row: Recorded_) -> Recorded:
    return Recorded(
        position=row.version,
        stream=STREAM,
        version=row.version,
        topic=row.topic,
        tenant="local",
        event_id=UUID(int=row.version),
        state=row.state,
    )


def test_an_account_that_ran_dry_and_a_limit_of_its_own_are_violations() -> None:
    (refused,) = rows_of("paid", violations.changes)
    assert isinstance(refused, violations.ViolationRow)
    assert (refused.rule, refused.severity) == ("budget-of-tenant", "medium")
    rules = [row.rule for name in ("unpaid", "overdue") for row in rows_of(name, violations.changes)]  # type: ignore[attr-defined]
    assert rules == ["limit-of-money", "limit-of-wall_ms"]


def test_money_is_counted_for_the_session_and_for_what_it_went_to() -> None:
    (shown,) = rows_of("paid", session.changes)
    parts = rows_of("paid", costs.changes)
    assert isinstance(shown, session.SessionRow)
    # Four questions cost 500 each, and a call 1,000; what was not sent cost nothing.
    assert shown.money == 3_000
    assert sum(part.money for part in parts) == 2_000 and len(parts) == 5  # type: ignore[attr-defined]


def test_nothing_is_left_open_when_accounts_have_been_settled_with() -> None:
    rows = [row for row in rows_of("paid", open_work.changes) if isinstance(row, open_work.OpenWorkRow)]
    left = {row.item for row in rows if not row.gone}
    assert not left & {open_work.ALLOTMENT, open_work.RETURN, open_work.PAUSE}
