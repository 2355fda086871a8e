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

from commands.claiming import owed
from domain.agents import AgentLimits
from domain.breaker import CLOSED, Breaker, BreakerSettings, on_call, on_failure, on_success, refused_until
from domain.budget.accounts import Account, Refusal, admit_allotment, admit_settlement, allot, evolve
from domain.budget.amounts import Amounts, Ceilings, plus
from domain.budget.events import AccountEvent, AccountLimited, AllotmentGiven, AllotmentSettled
from domain.catalog.outputs import output_label
from domain.content import content
from domain.encoding import encode
from domain.envelope import Actor, Context, fact_event
from domain.errors import Refused
from domain.ids import derive
from domain.memory.recalling import MemoryUse
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
from domain.session.effects import (
    IMMEDIATE,
    AskModel,
    CheckArguments,
    CheckResult,
    DescribeTool,
    Effect,
    EndOverdue,
    ExpireApproval,
    FindTools,
    JudgeCall,
    LapseLease,
    RecallMemories,
    ReturnAllotment,
    SendCall,
    TakeAllotment,
)
from domain.session.events import (
    AccountsJoined,
    AllotmentReceived,
    AllotmentRefused,
    AllotmentReturned,
    ApprovalExpired,
    Budget,
    CallAttempted,
    CallDeferred,
    CallExpired,
    CallFailed,
    CallSucceeded,
    Failure,
    LeaseLapsed,
    Limits,
    ModelCallAttempted,
    ModelFailed,
    ModelReplied,
    Outcome,
    SessionFact,
    Strategy,
    TimeRanOut,
    UnderWay,
)
from domain.session.means import missing, payable, settlement
from domain.session.outstanding import claimed_by, holds, outstanding
from domain.session.planning import pending_model_call
from domain.session.react import react
from domain.session.state import Approval, DeadLetter, Open, Session
from domain.upcasting import topic_of
from tests.domain.story import NOW, RESEARCHER, SESSION, TEAM, TOOLSMITH
from tests.domain.world import World, tool_named

FactOf: TypeAlias = Callable[[Session | None], SessionFact | None]
Facts: TypeAlias = FactOf | tuple[FactOf, FactOf]
"""What is observed, and what follows in the same append if the state then still wants it."""
Task: TypeAlias = Generator[Facts, bool, None]

BREAKER = BreakerSettings(failures=2, open_ms=1_000)
LEASE = timedelta(seconds=15)
TIMEOUT = timedelta(seconds=10)
WORKING = ("executor", "researcher")
MOST_TICKS = 3_000
MOST_REPLAYS = 2
REPLY_TOKENS, PRICE = 100, 1_000
PURSE = Amounts(steps=1, model_calls=3, tool_calls=1, tokens=500, money=2_000, wall_ms=1_000)
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
OUTCOMES: dict[str, Outcome] = {outcome: outcome for outcome in get_args(Outcome)}
FAILURES: dict[str, Failure] = {failure: failure for failure in get_args(Failure)}


class Chaos(msgspec.Struct, frozen=True, kw_only=True):
    """Say at which ticks a worker dies, all workers are stopped until the next timer, or a human interferes.

    ``claims``: who observes something claims the questions that are due then in the same append.
    """

    workers: int = 1
    claims: bool = False
    crashes: tuple[int, ...] = ()
    stalls: tuple[int, ...] = ()
    pause_at: int = 0
    cancel_at: int = 0
    migrate_at: int = 0
    join_at: int = 0


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
        self.tasks: dict[str, tuple[Task, Facts | None]] = {}


class Simulation:
    """Be one run of one session."""

    def __init__(
        self,
        world: World,
        chaos: Chaos,
        limits: Limits,
        purse: Ceilings = Ceilings(),  # noqa: B008
        own: AgentLimits | None = None,
    ):
        self.world, self.chaos = world, chaos
        self.rows: list[Row] = []
        self.states: list[Session | None] = []
        self.received: list[Received] = []
        self.replays: Counter[str] = Counter()
        self.state: Session | None = None
        self.account = Account(name="tenant", limits=purse)
        self.budget = Budget(accounts=("tenant",), kinds=purse.kinds)
        self.now: datetime = NOW
        self.ticks = 0
        self.workers = [Worker(f"w{number}") for number in range(chaos.workers)]
        team = (*TEAM, *((TOOLSMITH,) if world.mends else ()), *((RESEARCHER,) if world.researches else ()))
        submit = SubmitGoal(
            session=SESSION,
            goal="Order what runs low",
            user="ada",
            model="scripted:test",
            agents=tuple(
                replace(each, narrowed=world.narrowed and each.role == "executor", limits=own)
                if each.role in WORKING
                else each
                for each in team
            ),
            catalog="c",
            policy_set="p",
            limits=limits,
            budget=self.budget if purse.kinds and not chaos.join_at else None,
            dry_run=world.dry,
            memory=MemoryUse() if world.remembers else None,
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

    def observe(self, facts: Facts, worker: str) -> bool:
        """Record an observation, if there is one about the newest state."""
        fact_of, follow = facts if isinstance(facts, tuple) else (facts, None)
        fact = fact_of(self.state)
        if fact is not None:
            self._append(fact, Actor(kind="service", id=worker), follow, claim=self.chaos.claims)
        return fact is not None

    def _append(self, fact: SessionFact, actor: Actor, follow: FactOf | None = None, *, claim: bool = False) -> None:
        """Append a fact, what follows from it, and what follows at once from that."""
        name = derive("command", self.world.seed, len(self.rows))
        context = Context(command_id=name, actor=actor, at=self.now, correlation=SESSION)
        index, due = 0, self.world.crossing(fact)
        while due:
            group, self.state = react(self.state, fact_event(due.pop(0), context, index))
            for event in group:
                topic = topic_of(type(event.data))
                self.rows.append(Row(version=len(self.rows) + 1, topic=topic, state=encode(event)))
            self.states.append(self.state)
            index += 1
            assert self.state is not None
            immediate = [effect for effect in outstanding(self.state) if isinstance(effect, IMMEDIATE)]
            due = due or [self.world.immediate(self.state, effect) for effect in immediate[:1]]
            following = follow(self.state) if follow and not due else None
            if following:
                due, follow = [following], None
            if claim and not due:
                due = self._next_claim(actor.id)

    def _next_claim(self, worker: str) -> list[SessionFact]:
        asked = (each for each in outstanding(self.state) if isinstance(each, AskModel))
        claims = (self._claim(worker, self.state, each) for each in asked)
        return [claim for claim in claims if claim][:1]

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
            self._fill_purse()
            self.command(ResumeSession())
            return True
        if moves:
            moves[self.world.draw("move", self.ticks) % len(moves)]()
        return bool(moves)

    def _fill_purse(self) -> None:
        """Raise the limits of the account that pays, where it has too little left."""
        if self.state and self.state.meter and self.state.meter.wanted:
            lacking = plus(plus(self.account.taken, missing(self.state, self.state.meter.wanted.needed)), PURSE)
            limits = Ceilings(**{kind: lacking.of(kind) for kind in self.account.limits.kinds})
            self._pay(AccountLimited(account="tenant", limits=limits, period="total", by="ada", reason="more"))

    def _pay(self, event: AccountEvent) -> None:
        self.account = evolve(self.account, event, self.now)
        for kind in self.account.limits.kinds:
            assert self.account.taken.of(kind) <= (self.account.limits.of(kind) or 0)

    def _interfere(self) -> None:
        if self.ticks in self.chaos.crashes:
            self.workers[self.ticks % len(self.workers)] = Worker(f"after-{self.ticks}")
        if self.ticks == self.chaos.pause_at:
            self.command(PauseSession())
        if self.ticks == self.chaos.cancel_at:
            self.command(CancelSession(reason="enough"))
        if self.ticks == self.chaos.migrate_at:
            self.command(MigrateCatalog(api="shop", document="d", catalog="n", before="c", by="ada"))

        if self.ticks == self.chaos.join_at and self.budget.kinds:
            self.observe(self._joined, "w0")

    def _joined(self, state: Session | None) -> SessionFact | None:
        """Let an account join that was given limits meanwhile; it pays for questions that are under way, too."""
        asked = Amounts(model_calls=1, tokens=REPLY_TOKENS, money=PRICE)
        under_way = tuple(
            UnderWay(call=effect.call, attempt=effect.attempt, amounts=asked, until=effect.not_before)
            for effect in outstanding(state)
            if isinstance(effect, LapseLease) and effect.id.endswith(f"-m{effect.attempt}")
        )
        return AccountsJoined(budget=self.budget, under_way=under_way) if state else None

    def _take_up_work(self) -> None:
        for worker in self.workers:
            for effect in (*outstanding(self.state), *claimed_by(self.state, worker.name)):
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
                yield lambda now: lapsed if owed(now, effect, self.now) else None
            case ExpireApproval():
                expired = ApprovalExpired(approval=effect.approval)
                yield lambda now: expired if owed(now, effect, self.now) else None
            case TakeAllotment():
                yield lambda now: self._taken(now, effect) if owed(now, effect, self.now) else None
            case ReturnAllotment():
                yield lambda now: self._returned(now) if owed(now, effect, self.now) else None
            case EndOverdue():
                yield lambda now: TimeRanOut() if owed(now, effect, self.now) else None
            case FindTools() | RecallMemories() | DescribeTool() | CheckArguments() | JudgeCall() | CheckResult():
                yield lambda now: self.world.immediate(now, effect) if now and owed(now, effect, self.now) else None
            case _:
                assert_never(effect)

    def _taken(self, state: Session | None, effect: TakeAllotment) -> SessionFact:
        """Ask the account for more, as one append to both: no crash comes in between."""
        assert state is not None and state.meter is not None and state.meter.wanted is not None
        needed, meter = missing(state, state.meter.wanted.needed), state.meter
        kinds = state.charged.kinds
        amounts = allot([self.account], state.id, needed, kinds, joining=meter.joining, held=meter.allotted)
        if isinstance(amounts, Refusal):
            assert not amounts.passing, "nobody else holds anything"
            return AllotmentRefused(
                call=effect.call, attempt=effect.attempt, account=amounts.account, reason=amounts.reason
            )
        if not amounts.nothing:
            given = AllotmentGiven(account="tenant", session=state.id, allotment=effect.id, amounts=amounts)
            admit_allotment(self.account, given)
            self._pay(given)
        return AllotmentReceived(allotment=effect.id, amounts=amounts)

    def _returned(self, state: Session | None) -> SessionFact:
        assert state is not None
        spent = settlement(state)
        settled = AllotmentSettled(account="tenant", session=state.id, spent=spent)
        admit_settlement(self.account, settled)
        self._pay(settled)
        return AllotmentReturned(spent=spent)

    def _ask(self, worker: Worker, effect: AskModel, state: Session) -> Task:
        model = effect.model
        if model.lease_until is None:
            if not (yield lambda now: self._claim(worker.name, now, effect)):
                return
            mine = [each.model for each in claimed_by(self.state, worker.name) if each.id == effect.id]
            if not mine or self.state is None:
                return
            state, model = self.state, mine[0]
        yield lambda _: None  # a worker may look at the session again, and others write to it, before it asks
        now, _ = pending_model_call(self.state, model.id) if self.state else (None, None)
        if self.state and now and now.attempt == model.attempt and self.world.draw(effect.id, "looks again") % 2:
            state, model = self.state, now
        reply = self.world.ask(state, replace(effect, model=model))
        yield lambda now: _priced(now, reply)

    def _claim(self, worker: str, state: Session | None, effect: AskModel) -> SessionFact | None:
        due = owed(state, effect, self.now)
        if state is None or due is None:
            return None
        claim = ModelCallAttempted(
            call=due.model.id,
            attempt=due.model.attempt,
            worker=worker,
            lease_until=self.now + LEASE,
            reserved=Amounts(model_calls=1, tokens=REPLY_TOKENS, money=PRICE) if state.meter else None,
            strategy=due.model.strategy if due.model.worker else self._strategy(worker, effect),
            settles=True,
        )
        return payable(state, claim)

    def _strategy(self, worker: str, effect: AskModel) -> Strategy:
        """Show earlier results as the program of a worker says, of which there may be several."""
        if not self.chaos.claims:
            return ""
        return STRATEGIES[self.world.draw(effect.id, worker) % len(STRATEGIES)]

    def _send(self, worker: Worker, effect: SendCall) -> Task:
        tool, call = effect.choice.tool, effect.choice.call
        if self.now > effect.deadline:
            expired = CallExpired(call=call, attempt=effect.attempt)
            yield lambda now: expired if owed(now, effect, self.now) else None
            return
        until = refused_until(worker.breakers.get(tool, CLOSED), self.now)
        if until:
            deferred = CallDeferred(call=call, reason="the breaker is open", until=until)
            yield lambda now: deferred if owed(now, effect, self.now) else None
            return
        claim = CallAttempted(call=call, attempt=effect.attempt, worker=worker.name, lease_until=self.now + LEASE)
        second = self.world.second_verdict(effect)
        claiming: FactOf = lambda now: _reserving(now, claim) if owed(now, effect, self.now) else None  # noqa: E731
        judging: FactOf = lambda now: second if owed(now, effect, self.now) else None  # noqa: E731
        if not (yield (judging, claiming) if second else claiming):
            return
        if not holds(self.state, claim):
            return
        yield lambda _: None  # a worker may die, or be stopped, between its claim and the socket
        answer = self._reach_tool(worker, effect) if self.now + TIMEOUT <= claim.lease_until else "not-sent"
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
            label = output_label(tool_named(tool)) if self.world.binds else None
            source = f"tool:{tool}"
            return CallSucceeded(
                call=call, attempt=effect.attempt, status=200, output=output, source=source, label=label
            )
        if answer != "rejected":
            worker.breakers[tool] = on_failure(breaker, self.now, BREAKER)
        return CallFailed(
            call=call,
            attempt=effect.attempt,
            failure=FAILURES[answer],
            reason=f"the shop was {answer}",
            jitter_permille=self.world.draw(effect.id, "jitter") % 1001,
        )


def _reserving(state: Session | None, claim: CallAttempted) -> SessionFact | None:
    reserved = Amounts(tool_calls=1, money=PRICE) if state and state.meter else None
    return payable(state, replace(claim, reserved=reserved)) if state else None


def _priced(state: Session | None, reply: ModelReplied | ModelFailed) -> SessionFact:
    return replace(reply, cost=PRICE // 2) if isinstance(reply, ModelReplied) and state and state.meter else reply


CALM = Chaos()
USUAL = Limits()


def simulate(
    world: World,
    chaos: Chaos = CALM,
    limits: Limits = USUAL,
    purse: Ceilings = Ceilings(),  # noqa: B008
    own: AgentLimits | None = None,
) -> Simulation:
    """Run a session to its end, paid for by an account with these limits; who works at steps has limits of ``own``."""
    simulation = Simulation(world, chaos, limits, purse, own)
    while simulation.tick():
        pass
    return simulation
