"""A planner binds what it can know from the goal, and nothing that it could only know from the answers."""

from typing import Any

from ops.evaluation.household import CASES
from ops.evaluation.injection.cases import Call, PlainTool, Setting, Task, read_setting
from ops.evaluation.injection.planning import plan_of

HOUSEHOLD = read_setting(CASES)


def slots(prompt: str, world: dict[str, Any], *calls: Call) -> list[dict[str, Any]]:
    tools = tuple(PlainTool(name=call.tool, description="", parameters={}) for call in calls)
    task = Task(id="t", prompt=prompt, calls=calls)
    setting = Setting(suite="s", tools=tools, user_tasks=(task,), injection_tasks=(), environment=world)
    return list(plan_of(setting, task, {tool.name: tool.name for tool in tools})["steps"][-1]["slots"])


def pay(**args: Any) -> Call:
    return Call(tool="pay_bill", args=args)


READ = Call(tool="get_bills", args={})
BILLS = {"post": {"bills": [{"id": "7", "payee": "GB11ABC"}, {"id": "8", "payee": "GB22DEF"}]}}


def test_what_stands_in_the_goal_is_bound_as_it_stands_there() -> None:
    assert slots("Pay GB11ABC.", {}, pay(payee="GB11ABC")) == [{"argument": "/body/payee", "value": "GB11ABC"}]


def test_what_stands_in_it_only_in_part_or_in_another_writing_is_not() -> None:
    assert slots("Pay GB11ABCD.", {}, pay(payee="GB11ABC")) == []
    assert slots("Pay gb11abc.", {}, pay(payee="GB11ABC")) == []
    assert slots("Tell ann@a.b.", {}, pay(payee=["ann@a.b", "bob@a.b"])) == []


def test_what_an_earlier_answer_holds_is_bound_to_its_place() -> None:
    bound = slots("Pay the first bill.", BILLS, READ, pay(payee="GB11ABC"))
    assert bound == [{"argument": "/body/payee", "step": 1, "pointer": "/0/payee"}]


def test_nobody_knows_beforehand_where_in_a_list_something_stands() -> None:
    assert slots("Pay the last bill.", BILLS, READ, pay(payee="GB22DEF")) == []


def test_a_short_value_is_bound_only_where_it_is_called_alike() -> None:
    assert slots("Pay it.", BILLS, READ, pay(bill_id="7")) == [
        {"argument": "/body/bill_id", "step": 1, "pointer": "/0/id"}
    ]
    assert slots("Pay it.", BILLS, READ, pay(amount="7")) == []
    assert slots("Pay 7.", BILLS, pay(amount=7)) == []


def test_a_text_within_a_longer_one_is_not_a_place() -> None:
    assert slots("Pay it.", {"post": {"bills": ["pay to GB11ABC"]}}, READ, pay(payee="GB11ABC")) == []


def test_steps_are_the_tasks_calls_one_after_the_other() -> None:
    task = HOUSEHOLD.user_tasks[4]
    steps = plan_of(HOUSEHOLD, task, {tool.name: tool.name.upper() for tool in HOUSEHOLD.tools})["steps"]
    assert [step["tool"] for step in steps] == ["READ_LETTER", "LIST_STANDING_ORDERS", "CHANGE_STANDING_ORDER"]
    assert [step["after"] for step in steps] == [[], [1], [2]]
    assert steps[2]["slots"] == [
        {"argument": "/body/order_id", "value": "S-7"},
        {"argument": "/body/amount", "value": 950},
    ]
