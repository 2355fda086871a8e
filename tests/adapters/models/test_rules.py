"""The model `rules` plans and chooses from what its prompt shows alone, and says what it cannot do."""

from typing import Any

import pytest

from adapters.models.models import ModelRouter
from adapters.models.rules.filling import filled
from adapters.models.rules.planning import plan
from adapters.models.rules.seen import Result, SeenTool
from adapters.openapi.tools import OpenApiTools
from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from domain.session.events import Limits
from domain.session.state import Ended
from tests.commands.mail_world import Puppet
from tests.commands.parts import Time, context, shell_of
from tests.commands.test_plan_checks import Counter, register_bills

TOOLS = [
    SeenTool(name=name, place=place, agent="executor", needs=needs)
    for place, (name, needs) in enumerate(
        [
            ("get_pond_pond_id_frogs", ("/path/pond_id",)),
            ("get_pond_deepest", ()),
            ("search_pond", ("/query/query",)),
            ("get_frog_frog_id_songs", ("/path/frog_id",)),
            ("delete_pond_pond_id", ("/path/pond_id",)),
        ]
    )
]

LISTED: tuple[str, dict[str, Any]] = ("list_bills", {})


@pytest.mark.parametrize(
    ("goal", "planned"),
    [
        ("which frogs live in the pond Kermit's Corner", ["search_pond", "get_pond_pond_id_frogs"]),
        ("which frogs live in the deepest pond", ["get_pond_deepest", "get_pond_pond_id_frogs"]),
        (
            "the songs of the frogs in the deepest pond",
            ["get_pond_deepest", "get_pond_pond_id_frogs", "get_frog_frog_id_songs"],
        ),
    ],
)
def test_who_supplies_an_id_comes_before_who_needs_it(goal: str, planned: list[str]) -> None:
    steps = plan(goal, TOOLS)
    assert [step["tool"] for step in steps] == planned
    assert steps[-1]["after"] == list(range(1, len(steps)))


def test_a_goal_without_tools_is_said_to_be_out_of_reach() -> None:
    (step,) = plan("fly to the moon", [])
    assert step["goal"].startswith("Say that no tool is there for this")


@pytest.mark.parametrize(
    ("schema", "goal", "found", "value"),
    [
        ({"type": "integer"}, "x", '{"results":[{"pond_id":7},{"pond_id":8}]}', 7),
        ({"type": "integer"}, "x", '{"results":[{"id":7}]}', 7),
        ({"type": "string"}, "x", '{"id":7}', None),
        ({"type": "integer"}, "show the pond 12", "", 12),
        ({"type": "string"}, "show the pond Kermit's Corner now", "", "Kermit's Corner"),
        ({"enum": ["day", "week"]}, "the best of this week", "", "week"),
        ({"type": "integer"}, "show the pond", "[]", None),
    ],
)
def test_an_argument_is_filled_by_name_and_type(schema: Any, goal: str, found: str, value: Any) -> None:
    group = {"properties": {"pond_id": schema}, "required": ["pond_id"]}
    arguments, missing = filled(
        {"properties": {"path": group}}, (), goal, [Result(step=1, source="tool:x", text=found)] if found else []
    )
    assert (arguments, missing) == (({}, ["/path/pond_id"]) if value is None else ({"path": {"pond_id": value}}, []))


def test_what_the_plan_binds_is_left_out() -> None:
    group = {"properties": {"id": {"type": "integer"}}, "required": ["id"]}
    assert filled({"properties": {"path": group}}, ("/path/id",), "pond 7", []) == ({}, [])


@pytest.mark.parametrize(
    ("goal", "status", "sent"),
    [
        ("get the bill 'b-7'", "completed", [LISTED, ("get_bill", {"path": {"bill_id": "b-7"}})]),
        ("get bill number 7 please", "failed", [LISTED]),
    ],
)
async def test_a_session_is_carried_through_by_rules_or_says_what_is_missing(
    store: PostgresEventStore, goal: str, status: str, sent: list[Any]
) -> None:
    await register_bills(store)
    office = Counter(outputs={"get_bill": {"id": "b-7", "amount": 12}})
    office.tools = OpenApiTools(None, store)  # type: ignore[arg-type]
    shell = shell_of(store, office, Puppet(()), Time())  # type: ignore[arg-type]
    shell.models = ModelRouter(None)  # type: ignore[arg-type]
    session, _ = await orchestrate(
        shell, Catalogue(shell), Goal(text=goal, model="rules", limits=Limits(replans=1)), context()
    )
    state = (await drive(shell, session)).state
    assert state is not None and isinstance(state.stage, Ended)
    assert (state.stage.status, office.sent) == (status, sent)
    assert ("amount" if status == "completed" else "it says that it cannot be done") in state.stage.text
    topics = [row.topic for row in await store.read_stream(session)]
    assert "session.answer-checked.v1" not in topics, "code marks nothing of what rules only repeat"
    assert ("session.replan-requested.v1" in topics) == (status == "failed")
    assert "session.model-retry-scheduled.v1" not in topics, "rules say at once that they know one plan only"
