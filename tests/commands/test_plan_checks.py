"""A plan is held against schemas, policies and limits before anything of it starts, and its planner is told."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from adapters.keys.master import Master
from adapters.keys.ring import SessionKeyRing
from adapters.openapi.tools import OpenApiTools
from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.policies import register_policy_set
from commands.ports import Checked, ContentFilter, Description, Looked, Opinion, ToolCall
from commands.redaction import Redactor
from commands.shell import to_log
from domain.catalog.events import CatalogEvent, DocumentRegistered, Tool, ToolsAdded
from domain.catalog.policies import PolicySet
from domain.encoding import digest_bytes, foreign
from domain.envelope import Event, fact_event
from domain.ids import named_stream
from domain.session.events import EffectClass, Limits
from domain.session.state import Ended
from domain.upcasting import AnyEvent
from ops.bootstrap.redaction import EVERY
from tests.commands.mail_world import Office, Puppet, Run
from tests.commands.parts import Time, context, shell_of

_ID = {"type": "string", "pattern": "^b-[0-9]+$"}
_DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Bills", "version": "1"},
    "paths": {
        "/bills": {"get": {"parameters": [{"name": "page", "in": "query", "schema": {"type": "integer"}}]}},
        "/bills/{bill_id}": {
            "parameters": [{"name": "bill_id", "in": "path", "required": True, "schema": _ID}],
            "get": {},
            "delete": {},
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {"amount": {"type": "number", "maximum": 100}, "note": {}},
                                "required": ["amount"],
                                "additionalProperties": False,
                            }
                        }
                    },
                }
            },
        },
    },
}
DOCUMENT = bytes(foreign(_DOCUMENT))
_PATH = {"path": {"properties": {"bill_id": _ID}, "required": ["bill_id"]}}


def _tool(name: str, operation: str, effect: EffectClass, properties: dict[str, Any]) -> Tool:
    return Tool(
        name=name,
        api="bills",
        operation=operation,
        document=digest_bytes(DOCUMENT),
        description=name,
        effect_class=effect,
        repeatable=effect == "read",
        parameters=foreign({"properties": properties}),
    )


TOOLS = (
    _tool("list_bills", "GET /bills", "read", {}),
    _tool("get_bill", "GET /bills/{bill_id}", "read", _PATH),
    _tool("pay_bill", "POST /bills/{bill_id}", "write", _PATH),
    _tool("drop_bill", "DELETE /bills/{bill_id}", "destructive", _PATH),
)


class Counter(Office):
    """Be an office whose checks are the real ones."""

    tools: OpenApiTools

    async def describe(self, tenant: str, tool: Tool, *, at: str, depth: int) -> Description:
        """Describe a tool out of the document."""
        return await self.tools.describe(tenant, tool, at=at, depth=depth)

    async def check(self, call: ToolCall) -> Checked:
        """Check arguments against the document."""
        return await self.tools.check(call)


class Learner(Puppet):
    """Plan from a list of plans, one an attempt, the last for ever."""

    plans: Sequence[Sequence[dict[str, Any]]]

    def _says(self, purpose: str, step: int, round_: int) -> Any:
        if purpose == "plan":
            tries = sum("purpose=plan" in prompt for prompt in self.prompts)
            self.plan = self.plans[min(tries, len(self.plans)) - 1]
        return super()._says(purpose, step, round_)


async def run(
    store: PostgresEventStore,
    goal: str,
    *plans: Sequence[dict[str, Any]],
    limits: Limits | None = None,
    redactor: Redactor | None = None,
    filters: Sequence[ContentFilter] = (),
) -> tuple[Run, Learner]:
    """Let a goal be worked on with plans that come one after the other."""
    await register_bills(store)
    office, model = Counter(outputs={"list_bills": [{"id": "b-7"}]}), Learner(())
    office.tools, model.plans = OpenApiTools(None, store), plans  # type: ignore[arg-type]
    shell = shell_of(store, office, model, Time())  # type: ignore[arg-type]
    shell.redactor, shell.filters = redactor or shell.redactor, filters
    asked = Goal(text=goal, model="scripted:test", limits=limits or Limits(model_attempts=2, retry_base_ms=1))
    session, _ = await orchestrate(shell, Catalogue(shell), asked, context())
    loaded = await drive(shell, session)
    assert loaded.state is not None
    return Run(shell, office, session, loaded.state), model


async def register_bills(store: PostgresEventStore) -> None:
    """Register the bills' tools."""
    registered = DocumentRegistered(api="bills", document=digest_bytes(DOCUMENT), base_url="http://127.0.0.1")
    facts: Sequence[CatalogEvent] = (registered, ToolsAdded(api="bills", document=digest_bytes(DOCUMENT), tools=TOOLS))
    given = context()
    events: list[Event[AnyEvent]] = [fact_event(fact, given, index) for index, fact in enumerate(facts)]
    await store.append(to_log(named_stream("local", "document", "bills"), 0, events))
    await store.put_blobs("local", [DOCUMENT])


def step(tool: str, *slots: tuple[str, Any], **more: Any) -> dict[str, Any]:
    """Plan a call that binds arguments to values."""
    bound = [{"argument": argument, "value": value} for argument, value in slots]
    return {"goal": f"call {tool}", "tool": tool, "slots": bound, **more}


SOUND = step("get_bill", ("/path/bill_id", "b-1"))

FAULTY = {
    "name one of those that are shown, as it is written there, such as get_bill": [step("getBill")],
    "there is no tool named 'fetch_bill'": [step("fetch_bill")],
    "leads nowhere at 'bil_id': bill_id": [step("get_bill", ("/path/bil_id", "b-1"))],
    "leads nowhere at 'total': amount, note": [step("pay_bill", ("/path/bill_id", "b-1"), ("/body/total", 5))],
    "/path/bill_id: ": [step("get_bill", ("/path/bill_id", "seven"))],
    "/body/amount: ": [step("pay_bill", ("/path/bill_id", "b-1"), ("/body/amount", 500))],
    "the policy denies drop_bill whatever its arguments: It destroys something, and no rule names it (destructive-is": [
        step("drop_bill", ("/path/bill_id", "b-1"))
    ],
    "get_bill needs /path/bill_id, but no slot binds it, the goal names none, and the step waits for no other": [
        step("get_bill")
    ],
    "the plan goes in a circle: step 1 waits for step 2 waits for step 1": [
        step("list_bills", after=[2]),
        step("list_bills", after=[1]),
    ],
    "step 1 waits for itself": [{"goal": "wait", "after": [1]}],
    "expected an agent of": [step("list_bills", agent="nobody")],
}


@pytest.mark.parametrize("problem", FAULTY)
async def test_a_faulty_plan_is_told_to_its_planner_and_the_next_one_is_begun(
    store: PostgresEventStore, problem: str
) -> None:
    found, model = await run(store, "Look at my bills", FAULTY[problem], [SOUND])
    first, second = await found.recorded("plan-checked")
    assert problem in "; ".join(first["problems"]) and "problems" not in second
    assert problem in [prompt for prompt in model.prompts if "purpose=plan" in prompt][1]
    assert [tool for tool, _ in found.office.sent] == ["get_bill"]


async def test_what_is_wrong_with_a_hidden_value_does_not_quote_it(store: PostgresEventStore) -> None:
    redactor = Redactor(EVERY, SessionKeyRing(Master("a master key of many more characters"), store.session_keys))
    faulty = [step("get_bill", ("/path/bill_id", "[ssn:1]"))]
    found, _ = await run(store, "Look at my bills, my ssn is 457555462", faulty, [SOUND], redactor=redactor)
    first, _ = await found.recorded("plan-checked")
    assert first["problems"] == ["step 1: /path/bill_id: a value that is hidden does not fit there"]
    rows = await store.read_stream(found.session)
    assert b"457555462" not in b"".join(bytes(row.state) for row in rows)


async def test_a_step_whose_agent_may_not_use_its_tool_goes_to_the_one_that_may(store: PostgresEventStore) -> None:
    found, _ = await run(store, "Look at my bills", [step("get_bill", ("/path/bill_id", "b-1"), agent="planner")])
    (checked,) = await found.recorded("plan-checked")
    assert checked["reassigned"] == [{"step": 1, "agent": "executor", "named": "planner"}]
    (begun,) = await found.recorded("step-started")
    assert begun["agent"] == "executor" and [tool for tool, _ in found.office.sent] == ["get_bill"]


async def test_a_session_whose_plans_stay_faulty_fails_with_all_reasons_before_anything_is_sent(
    store: PostgresEventStore,
) -> None:
    faulty = [step("list_bills"), step("get_bil"), step("get_bill", ("/path/bill_id", "seven"))]
    found, _ = await run(store, "Look at my bills", faulty)
    assert isinstance(found.state.stage, Ended) and found.state.stage.status == "failed"
    assert "step 2: there is no tool named 'get_bil'" in found.state.stage.text
    assert "step 3: /path/bill_id: " in found.state.stage.text
    assert found.office.sent == [] and await found.recorded("plan-proposed") == []


async def test_what_stands_in_the_goal_is_not_missed(store: PostgresEventStore) -> None:
    found, _ = await run(store, "Look at bill b-7", [step("get_bill")])
    assert "problems" not in (await found.recorded("plan-checked"))[0]


async def test_what_comes_from_an_earlier_step_is_not_missed(store: PostgresEventStore) -> None:
    pointed = {"argument": "/path/bill_id", "step": 1, "pointer": "/0/id"}
    later = {"goal": "get it", "tool": "get_bill", "slots": [pointed]}
    found, _ = await run(store, "Look at my bills", [step("list_bills"), later])
    assert [arguments for _, arguments in found.office.sent] == [{}, {"path": {"bill_id": "b-7"}}]


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        (Limits(tool_calls=1), "the plan makes 2 tool calls, but the limit of 1 leaves 1"),
        (Limits(model_calls=5), "the plan asks models at least 6 times, itself included, but the limit of 5 leaves 5"),
        (Limits(steps=1), "expected 1 to 1 steps, got 2"),
    ],
)
async def test_a_plan_that_needs_more_than_limits_leave_is_not_begun(
    store: PostgresEventStore, limits: Limits, problem: str
) -> None:
    found, _ = await run(store, "Look", [step("list_bills")] * 2, limits=replace(limits, model_attempts=1))
    assert problem in (await found.recorded("plan-checked"))[0]["problems"]
    assert found.office.sent == []


async def test_what_an_agents_own_rules_deny_in_any_case_is_told_when_it_is_planned(store: PostgresEventStore) -> None:
    shell = shell_of(store, Office(), Puppet(()), Time())  # type: ignore[arg-type]
    closed = '@id("closed") @reason("Nothing goes out.") forbid (principal, action, resource);'
    await register_policy_set(Catalogue(shell), shell, PolicySet(name="closed", text=closed), context())
    await Catalogue(shell).patch_agent("executor", {"policy": "closed"}, context())
    found, _ = await run(store, "Look at my bills", [SOUND])
    told = (await found.recorded("plan-checked"))[0]["problems"]
    assert any(
        "executor's own policy denies get_bill whatever its arguments: Nothing goes out" in each for each in told
    )
    assert not any("the policy denies" in each for each in told), "the session's own rules would let it through"


async def test_a_toolsmith_is_shown_all_that_the_document_wants_where_arguments_do_not_fit(
    store: PostgresEventStore,
) -> None:
    found, model = await run(store, "Pay bill b-1", [step("pay_bill", ("/path/bill_id", "b-1"))])
    (described, *_) = (await found.recorded("arguments-checked"))[0]["described"]
    asked = next(prompt for prompt in model.prompts if "purpose=repair" in prompt)
    assert f"WANTED AT {described['at'] or 'the top'}\n{described['schema']}" in asked
    assert "amount" in described["schema"] and "maximum" in described["schema"]
    chosen = [prompt for prompt in model.prompts if "purpose=choose" in prompt]
    assert chosen and not any("WANTED AT" in prompt for prompt in chosen)


class Wary:
    """Be a filter that denies what documents say, and nothing else."""

    name = "wary"

    async def look(self, looked: Looked) -> Opinion:
        """Say so."""
        return Opinion(decision="deny" if looked.place == "description" else "pass")


async def test_a_toolsmith_is_shown_nothing_of_the_document_that_a_filter_denies(store: PostgresEventStore) -> None:
    found, model = await run(store, "Pay bill b-1", [step("pay_bill", ("/path/bill_id", "b-1"))], filters=[Wary()])
    assert (await found.recorded("arguments-checked"))[0]["described"]
    assert any("purpose=repair" in prompt for prompt in model.prompts)
    assert not any("WANTED AT" in prompt for prompt in model.prompts)
