"""Spoiled calls follow from a seed, and an invented argument is one that nobody has said."""

import json
from pathlib import Path

import pytest

from domain.errors import Invalid
from ops.evaluation.corner_shop import FOLDER
from ops.evaluation.retail.corrupting import KINDS, spoiled
from ops.evaluation.retail.tasks import read_tasks, texts_before


def test_a_seed_says_which_calls_are_spoiled_and_how() -> None:
    database, tasks = read_tasks(FOLDER)
    calls = sum(len(task.calls) for task in tasks)
    first = spoiled(tasks, database, 0.5, 1)
    assert first == spoiled(tasks, database, 0.5, 1) != spoiled(tasks, database, 0.5, 2)
    assert len(first) == round(calls / 2) and {each.kind for each in first.values()} == set(KINDS)


def test_an_invented_argument_stands_neither_in_the_goal_nor_in_the_evidence() -> None:
    database, tasks = read_tasks(FOLDER)
    by_id = {task.id: task for task in tasks}
    seen = 0
    for seed in range(30):
        for (case, step), each in spoiled(tasks, database, 0.5, seed).items():
            call = by_id[case].calls[step - 1]
            assert (each.tool, each.arguments) != (call.tool, call.arguments)
            if each.kind == "invented-argument":
                changed = [name for name in call.arguments if call.arguments[name] != each.arguments[name]]
                value = each.arguments[changed[0]]
                fresh = value[0] if isinstance(value, list) else value
                assert len(changed) == 1
                assert not any(fresh in text for text in texts_before(by_id[case], step - 1))
                seen += 1
    assert seen > 30


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("tasks.json", "[", "cannot be read"),
        ("tasks.json", "[]", "an id of its own"),
        ("db.json", '{"users": {}, "orders": {}}', "has no products"),
        ("db.json", "[]", "cannot be read"),
    ],
)
def test_data_that_is_none_is_refused(tmp_path: Path, file: str, text: str, said: str) -> None:
    for name in ("db.json", "tasks.json"):
        (tmp_path / name).write_text(text if name == file else (FOLDER / name).read_text())
    with pytest.raises(Invalid, match=said):
        read_tasks(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"name": "sell_the_shop"}, "uses 'sell_the_shop'"), ({"arguments": {"zip": "1"}}, "as the shop does")],
)
def test_a_task_that_uses_what_is_not_there_is_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    tasks = json.loads((FOLDER / "tasks.json").read_text())
    tasks[0]["evaluation_criteria"]["actions"][0] |= change
    (tmp_path / "tasks.json").write_text(json.dumps(tasks))
    (tmp_path / "db.json").write_text((FOLDER / "db.json").read_text())
    with pytest.raises(Invalid, match=said):
        read_tasks(tmp_path)
