"""Drive a session through a scripted world as workers do, with its log in memory, and let anything happen in between.

One *tick* moves one task of one worker (or the human) from one point where it waits to the next: between two ticks
lies every place where a real worker can die: before and after each append, before and after each request is sent.
"""

from collections import Counter
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never, get_args

import msgspec
from msgspec.structs import replace

from domain.breaker import CLOSED, Breaker, BreakerSettings, on_call, on_failure, on_success, refused_until
from domain.content import content
from domain.encoding import encode
from domain.envelope import Actor, Context, fact_event
from domain.errors import Refused
from domain.ids import derive
from domain.replay import Row
from domain.session.admit import admit, open_approvals
from domain.session.commands import (
    CancelSession,
    DenyApproval,
    DiscardDeadLetter,
    GrantApproval,
    MigrateCatalog,
    PauseSession,
    ReplayDeadLetter,
    ReportOutcome,
    ResumeSession,
    SessionCommand,
    SubmitGoal,
)
from domain.session.events import (
    ApprovalExpired,
    CallAttempted,
    CallDeferred,
    CallExpired,
    CallFailed,
    CallSucceeded,
    Failure,
    LeaseLapsed,
    Limits,
    ModelCallAttempted,
    Outcome,
    SessionFact,
)
from domain.session.outstanding import (
    IMMEDIATE,
    AskModel,
    CheckArguments,
    CheckResult,
    Effect,
    ExpireApproval,
    FindTools,
    JudgeCall,
    LapseLease,
    SendCall,
    outstanding,
)
from domain.session.react import react
from domain.session.state import Approval, DeadLetter, Open, Session
from domain.upcasting import topic_of
from tests.domain.story import NOW, SESSION, TEAM
from tests.domain.world import World

FactOf: TypeAlias = Callable[[Session | None], SessionFact | None]
Task: TypeAlias = Generator[FactOf, bool, None]

BREAKER = BreakerSettings(failures=2, open_ms=1_000)
LEASE = timedelta(seconds=15)
TIMEOUT = timedelta(seconds=10)
MOST_TICKS = 3_000
MOST_REPLAYS = 2
OUTCOMES: dict[str, Outcome] = {outcome: outcome for outcome in get_args(Outcome)}
FAILURES: dict[str, Failure] = {failure: failure for failure in get_args(Failure)}


class Chaos(msgspec.Struct, frozen=True, kw_only=True):
    """Say at which ticks a worker dies, all workers are stopped until the next timer, or a human interferes."""

    workers: int = 1
    crashes: tuple[int, ...] = ()
    stalls: tuple[int, ...] = ()
    pause_at: int = 0
    cancel_at: int = 0
    migrate_at: int = 0


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """Be one request that reached the tool, and whether it had its effect."""

    call: str
    key: str
    digest: str
    repeatable: bool
    happened: bool


class Worker:
    """Be one process: what it has in hand, and its breakers; all of it is lost in a crash."""

    def __init__(self, name: str):
        self.name = name
        self.breakers: dict[str, Breaker] = {}
        self.tasks: dict[str, tuple[Task, FactOf | None]] = {}


class Simulation:
    """Be one run of one session."""

    def __init__(self, world: World, chaos: Chaos, limits: Limits):
        self.world, self.chaos = world, chaos
        self.rows: list[Row] = []
        self.states: list[Session | None] = []
        self.received: list[Received] = []
        self.replays: Counter[str] = Counter()
        self.state: Session | None = None
        self.now: datetime = NOW
        self.ticks = 0
        self.workers = [Worker(f"w{number}") for number in range(chaos.workers)]
        submit = SubmitGoal(
            session=SESSION,
            goal="Order what runs low",
            user="ada",
            model="scripted:test",
            agents=tuple(replace(each, narrowed=world.narrowed and each.role == "executor") for each in TEAM),
            catalog="c",
            policy_set="p",
            limits=limits,
        )
        self.command(submit)

    def command(self, command: SessionCommand) -> None:
        """Carry out a command; a refusal leaves no trace."""
        try:
            fact = admit(self.state, command, self.now)
        except Refused:
            return
        if isinstance(command, ReplayDeadLetter):
            self.replays[command.letter.removeprefix(f"{SESSION}-")] += 1
        self._append(fact, Actor(kind="person", id="ada"))

    def observe(self, fact_of: FactOf, worker: str) -> bool:
        """Record an observation, if there is one about the newest state."""
        fact = fact_of(self.state)
        if fact is not None:
            self._append(fact, Actor(kind="service", id=worker))
        return fact is not None

    def _append(self, fact: SessionFact, actor: Actor) -> None:
        """Append a fact, what follows from it, and what follows at once from that."""
        name = derive("command", self.world.seed, len(self.rows))
        context = Context(command_id=name, actor=actor, at=self.now, correlation=SESSION)
        index, due = 0, [fact]
        while due:
            group, self.state = react(self.state, fact_event(due[0], context, index))
            for event in group:
                topic = topic_of(type(event.data))
                self.rows.append(Row(version=len(self.rows) + 1, topic=topic, state=encode(event)))
            self.states.append(self.state)
            index += 1
            assert self.state is not None
            immediate = [effect for effect in outstanding(self.state) if isinstance(effect, IMMEDIATE)]
            due = [self.world.immediate(self.state, effect) for effect in immediate[:1]]

    def tick(self) -> bool:
        """Let one thing happen; False when nothing is left to happen."""
        self.ticks += 1
        assert self.ticks < MOST_TICKS, "the session does not end"
        self.now += timedelta(milliseconds=1)
        self._interfere()
        self._take_up_work()
        moves: list[Callable[[], None]] = [
            lambda worker=worker, key=key: self._advance(worker, key)  # type: ignore[misc]
            for worker in self.workers
            for key in worker.tasks
        ]
        moves += self._human()
        if (not moves or self.ticks in self.chaos.stalls) and self._wait():
            return True
        if not moves and self.state and self.state.paused and not self.state.ended:
            self.command(ResumeSession())
            return True
        if moves:
            moves[self.world.draw("move", self.ticks) % len(moves)]()
        return bool(moves)

    def _interfere(self) -> None:
        if self.ticks in self.chaos.crashes:
            self.workers[self.ticks % len(self.workers)] = Worker(f"after-{self.ticks}")
        if self.ticks == self.chaos.pause_at:
            self.command(PauseSession())
        if self.ticks == self.chaos.cancel_at:
            self.command(CancelSession(reason="enough"))
        if self.ticks == self.chaos.migrate_at:
            self.command(MigrateCatalog(api="shop", document="d", catalog="n", before="c", by="ada"))

    def _take_up_work(self) -> None:
        for worker in self.workers:
            for effect in outstanding(self.state):
                if effect.not_before <= self.now and effect.id not in worker.tasks:
                    worker.tasks[effect.id] = (self._perform(worker, effect, self.state), None)

    def _advance(self, worker: Worker, key: str) -> None:
        task, fact_of = worker.tasks[key]
        try:
            following = task.send(self.observe(fact_of, worker.name)) if fact_of else next(task)
            worker.tasks[key] = (task, following)
        except StopIteration:
            del worker.tasks[key]

    def _wait(self) -> bool:
        """Move the clock to the next timer."""
        later = [effect.not_before for effect in outstanding(self.state) if effect.not_before > self.now]
        self.now = min(later, default=self.now)
        return bool(later)

    def _human(self) -> list[Callable[[], None]]:
        if self.state is None:
            return []
        asked = open_approvals(self.state)
        answers = [self._answer(approval, call) for approval, call in asked]
        answers += [self._settle(letter) for letter in self.state.letters if isinstance(letter.stage, Open)]
        return [lambda command=command: self.command(command) for command in answers if command]  # type: ignore[misc]

    def _answer(self, approval: Approval, call: str) -> SessionCommand | None:
        """Answer truthfully what became of a call, and as the world says whether one may be sent."""
        if approval.question == "outcome":
            happened = any(request.happened for request in self.received if request.call == call)
            outcome = self.world.says(f"outcome-{call}", "happened" if happened else "send-again", "give-up")
            return ReportOutcome(approval=approval.id, by="ada", outcome=OUTCOMES[outcome])
        match self.world.says(f"approve-{call}", "yes", "no", "silence"):
            case "yes":
                return GrantApproval(approval=approval.id, by="ada", request_digest=approval.request_digest)
            case "no":
                return DenyApproval(approval=approval.id, by="ada")
            case _:
                return None

    def _settle(self, letter: DeadLetter) -> SessionCommand | None:
        """Leave a dead letter, discard it, or have it sent again; what happened must not happen twice."""
        call = letter.choice.call
        happened = any(request.happened for request in self.received if request.call == call)
        safe = letter.request.repeatable or not happened
        match self.world.says(f"letter-{call}-{self.replays[call]}", "leave", "replay", "discard"):
            case "replay" if safe and self.replays[call] < MOST_REPLAYS:
                return ReplayDeadLetter(letter=letter.id, by="ada", reason="the shop is back")
            case "leave":
                return None
            case _:
                return DiscardDeadLetter(letter=letter.id, by="ada", reason="no longer wanted")

    def _perform(self, worker: Worker, effect: Effect, state: Session | None) -> Task:
        assert state is not None, "a session that does not exist owes nothing"
        match effect:
            case AskModel():
                yield from self._ask(worker, effect, state)
            case SendCall():
                yield from self._send(worker, effect)
            case LapseLease():
                lapsed = LeaseLapsed(call=effect.call, attempt=effect.attempt, jitter_permille=500)
                yield lambda now: lapsed if _owes(now, effect) else None
            case ExpireApproval():
                expired = ApprovalExpired(approval=effect.approval)
                yield lambda now: expired if _owes(now, effect) else None
            case FindTools() | CheckArguments() | JudgeCall() | CheckResult():
                fact = self.world.immediate(state, effect)
                yield lambda now: fact if _owes(now, effect) else None
            case _:
                assert_never(effect)

    def _ask(self, worker: Worker, effect: AskModel, state: Session) -> Task:
        claim = ModelCallAttempted(
            call=effect.model.id, attempt=effect.model.attempt, worker=worker.name, lease_until=self.now + LEASE
        )
        if not (yield lambda now: claim if _owes(now, effect) else None):
            return
        reply = self.world.ask(state, effect)
        yield lambda _: reply

    def _send(self, worker: Worker, effect: SendCall) -> Task:
        tool, call = effect.choice.tool, effect.choice.call
        if self.now > effect.deadline:
            expired = CallExpired(call=call, attempt=effect.attempt)
            yield lambda now: expired if _owes(now, effect) else None
            return
        until = refused_until(worker.breakers.get(tool, CLOSED), self.now)
        if until:
            deferred = CallDeferred(call=call, reason="the breaker is open", until=until)
            yield lambda now: deferred if _owes(now, effect) else None
            return
        lease_until = self.now + LEASE
        claim = CallAttempted(call=call, attempt=effect.attempt, worker=worker.name, lease_until=lease_until)
        if not (yield lambda now: claim if _owes(now, effect) else None):
            return
        yield lambda _: None  # a worker may die, or be stopped, between its claim and the socket
        answer = self._reach_tool(worker, effect) if self.now + TIMEOUT <= lease_until else "not-sent"
        fact = self._outcome(worker, effect, answer)
        yield lambda _: fact

    def _reach_tool(self, worker: Worker, effect: SendCall) -> str:
        breaker = worker.breakers.get(effect.choice.tool, CLOSED)
        worker.breakers[effect.choice.tool] = on_call(breaker, self.now, BREAKER)
        answer = self.world.tool(effect)
        if answer not in ("not-sent", "rate-limited"):
            heard = answer != "server-error" and self.world.answer(effect) != "rejected"
            self.received.append(
                Received(
                    call=effect.choice.call,
                    key=effect.idempotency_key,
                    digest=effect.request.digest,
                    repeatable=effect.request.repeatable,
                    happened=heard,
                )
            )
        return answer

    def _outcome(self, worker: Worker, effect: SendCall, answer: str) -> SessionFact:
        tool, call = effect.choice.tool, effect.choice.call
        breaker = worker.breakers.get(tool, CLOSED)
        if answer.startswith("{"):
            worker.breakers[tool] = on_success(breaker)
            output = content(answer.encode())
            return CallSucceeded(call=call, attempt=effect.attempt, status=200, output=output, source=f"tool:{tool}")
        if answer != "rejected":
            worker.breakers[tool] = on_failure(breaker, self.now, BREAKER)
        return CallFailed(
            call=call,
            attempt=effect.attempt,
            failure=FAILURES[answer],
            reason=f"the shop was {answer}",
            jitter_permille=self.world.draw(effect.id, "jitter") % 1001,
        )


def _owes(state: Session | None, effect: Effect) -> bool:
    return any(other.id == effect.id for other in outstanding(state))


CALM = Chaos()
USUAL = Limits()


def simulate(world: World, chaos: Chaos = CALM, limits: Limits = USUAL) -> Simulation:
    """Run a session to its end."""
    simulation = Simulation(world, chaos, limits)
    while simulation.tick():
        pass
    return simulation
