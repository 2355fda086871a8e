"""What an agent states is held against what its steps found: it goes back, is noted, or marks the answer."""

import json

from adapters.postgres.store import PostgresEventStore
from commands.perform import drive
from commands.ports import Question, Reply
from commands.replaying import replay_session
from domain.session.events import AnswerChecked, ResultChecked, ReworkRequested, SessionCompleted, SessionFailed
from tests.commands.parts import QUICK, TASK, Shop, Time, events, shell_of, start

ORDERS = b'[{"order_id":"#W1","status":"open","price":12.5},{"order_id":"#W2","status":"paid","price":40}]'


class Teller:
    """Look once, then state a result, then answer; what it says depends on how often it was asked."""

    def __init__(self, results: list[str], answers: list[str]) -> None:
        self.results, self.answers, self.heard = results, answers, list[str]()

    def known(self, model: str) -> None:
        """Know every name."""

    async def ask(self, question: Question) -> Reply:
        """Answer by the task."""
        text = question.prompt.messages[-1].text
        self.heard.append(text)
        task = TASK.search(text)
        assert task is not None
        return Reply(text=json.dumps(self._reply(task[1], int(task[2]))), tokens_in=1, tokens_out=1, latency_ms=1)

    def _reply(self, purpose: str, step: int) -> object:
        match purpose:
            case "plan":
                return {"steps": [{"goal": "look"}, {"goal": "say", "after": [1], "criteria": "status is stated"}]}
            case "choose" if step == 1:
                return {"tool": "look", "arguments": {}}
            case "choose":
                return {"result": self.results.pop(0)}
            case "review":
                return {"verdict": "accept"}
            case _:
                return {"answer": self.answers.pop(0)}


async def told(store: PostgresEventStore, results: list[str], answers: list[str]) -> tuple[Teller, object]:
    """Run a session to its end."""
    model = Teller(results, answers)
    shell = shell_of(store, Shop(answers=lambda _: ORDERS), model, Time())  # type: ignore[arg-type]
    session, _ = await start(shell, limits=QUICK)
    await drive(shell, session)
    replayed = await replay_session(store, session, execute=True)
    assert not replayed.divergences
    return model, session


async def test_a_result_that_contradicts_its_evidence_goes_back_with_what_was_expected(
    store: PostgresEventStore,
) -> None:
    model, session = await told(
        store, ["#W1 is paid and costs 12.50.", "#W1 has the status open and costs 12.50."], ["#W1 costs 12.50."]
    )
    (rework,) = await events(store, session, ReworkRequested)
    assert "'paid' is said, but expected was open" in rework.instructions
    checked = await events(store, session, ResultChecked)
    assert [[each.kind for each in check.findings] for check in checked] == [[], ["swapped"], []]
    assert any("The last round was not right" in text and "expected was open" in text for text in model.heard)


async def test_an_answer_that_contradicts_its_evidence_is_asked_for_again(store: PostgresEventStore) -> None:
    model, session = await told(store, ["#W1 has the status open."], ["#W1 costs 40.", "#W1 costs 12.50."])
    (checked,) = await events(store, session, AnswerChecked)
    assert checked.problems and checked.findings[0].expected == "12.5"
    (completed,) = await events(store, session, SessionCompleted)
    assert completed.answer == "#W1 costs 12.50."
    assert "YOUR LAST REPLY COULD NOT BE USED" in model.heard[-1] and "expected was 12.5" in model.heard[-1]


async def test_what_nothing_speaks_for_is_told_to_the_reviewer_and_marks_the_answer(store: PostgresEventStore) -> None:
    doubtful = "#W1 has the status open. It ships from a warehouse in Madrid."
    model, session = await told(
        store, [doubtful], ["#W1 has the status open. Its parcel weighs plenty of kilogrammes."]
    )
    assert any("CODE FOUND, AND MAY BE WRONG\n- " in text and "madrid" in text for text in model.heard)
    (checked,) = await events(store, session, AnswerChecked)
    assert (checked.problems, [each.kind for each in checked.findings]) == ((), ["unsupported"])
    assert await events(store, session, SessionCompleted) and not await events(store, session, ReworkRequested)


async def test_code_does_not_have_the_last_word(store: PostgresEventStore) -> None:
    stubborn = "#W1 is paid."
    rounds, attempts = QUICK.rework_rounds + 1, QUICK.model_attempts
    _, session = await told(store, [stubborn] * rounds, [stubborn] * attempts)
    assert len(await events(store, session, ReworkRequested)) == QUICK.rework_rounds
    *refused, last = await events(store, session, AnswerChecked)
    assert all(each.problems for each in refused) and not last.problems and last.findings
    assert await events(store, session, SessionCompleted) and not await events(store, session, SessionFailed)
