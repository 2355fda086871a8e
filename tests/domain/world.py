"""Be everything outside a session: models, tools, the policy and a human, as pure functions of a seed and a question.

Every question has a name (``plan-m1``, ``judge-call-1-1``, ``call-1-1-a2``…). Its outcome is taken from the script, or
drawn from the seed among the usual one and those troubles that this world may have. Outcomes of a call do not depend
on how often its worker crashed: trouble with an attempt passes, what the tool says in the end does not change.
"""

from typing import Any, assert_never

import msgspec
from msgspec.structs import replace

from domain.catalog.defaults import DEFAULT_AGENTS as DEFAULTS
from domain.catalog.events import Agent, Tool
from domain.catalog.outputs import output_label
from domain.catalog.state import Document, Snapshot
from domain.content import content
from domain.encoding import digest, foreign, parse
from domain.ids import derive
from domain.labels import GOAL, FilledSlot, Label
from domain.memory.recalling import RecalledMemory
from domain.redaction.recorded import HiddenPlace, HiddenValue
from domain.reviewing.findings import Finding
from domain.reviewing.obvious import problems_of
from domain.session.effects import (
    AskModel,
    CheckArguments,
    CheckResult,
    DescribeTool,
    FindTools,
    Immediate,
    JudgeCall,
    RecallMemories,
    SendCall,
)
from domain.session.events import (
    AnswerChecked,
    ArgumentsChecked,
    CallSucceeded,
    ContentFiltered,
    Decision,
    FilterDecision,
    FilteredPlace,
    FoundFor,
    FoundTool,
    GoalSubmitted,
    MemoriesRecalled,
    ModelFailed,
    ModelReplied,
    PlanChecked,
    ResultChecked,
    SessionFact,
    ToolDescribed,
    ToolsFound,
    VerdictReached,
)
from domain.session.prompt import prompt
from domain.session.provenance import provenance
from domain.session.replies import RESEARCH, REVIEW_OF_PLAN
from domain.session.researching import evidence, room
from domain.session.state import Accepted, Choice, ModelCall, Session, Waiting

PASSING = ("asks", "garbage", "model-fault", "not-sent", "unanswered", "server-error", "rate-limited")
REWORKED = ("misfit", "deny", "other-request", "rejected", "error-inside", "rework", "stated", "denied-later")
LATER_RULES = ("changed-later", "allowed-later")
FATAL = ("bad-answer", "no", "silence", "give-up", "fail", "replan")
LETTERS = ("replay", "discard")
LAST_ROUND = 3  # with the default limits, what is sent back in this round fails

DECISIONS: dict[str, Decision] = {"allow": "allow", "ask": "ask", "deny": "deny", "other-request": "allow"}
FILTERED: dict[str, FilterDecision] = {"pass": "pass", "label": "label", "deny": "deny"}
REPEATABLE = {"read": True, "keyed": True, "write": False}
# As they were when the golden histories were recorded: what a session pinned does not change.
AGENTS = (
    Agent(
        id="planner",
        name="Planner",
        role="planner",
        prompt_template="You plan how a team of agents reaches a goal with its tools, in as few steps as possible.",
    ),
    Agent(
        id="executor",
        name="Executor",
        role="executor",
        prompt_template="You do one step of a plan by calling one tool with the right arguments. You invent nothing.",
        tools=("*",),
    ),
    Agent(
        id="reviewer",
        name="Reviewer",
        role="reviewer",
        prompt_template="You judge whether a result does what its step asks. You are strict, brief and fair.",
    ),
)
CATALOG = Snapshot(
    agents=AGENTS,
    documents=(
        Document(
            api="shop",
            document="d",
            base_url="http://shop",
            tools=tuple(
                Tool(
                    name=name,
                    api="shop",
                    operation=f"POST /{name}",
                    document="d",
                    description=name,
                    effect_class="read" if name == "read" else "write",
                    repeatable=repeatable,
                    parameters=foreign({}),
                )
                for name, repeatable in REPEATABLE.items()
            ),
        ),
    ),
)

_NEWER = replace(CATALOG.documents[0], document="e", tools=CATALOG.documents[0].tools[::-1])
LATER = {"n": replace(CATALOG, documents=(_NEWER,))}
"""Holds the snapshot that a session migrates to: its tools stand in another order, and so do they in prompts."""


def snapshot_with_researcher(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot whose team has a researcher beside the others."""
    return replace(snapshot, agents=(*snapshot.agents, DEFAULTS["researcher"]))


def snapshot_with_tools_named(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot whose agents are all told by name which tools they may use: all of them."""
    told = {"prompt_template": "You may use {tools}.", "template_syntax": "fields", "tools": ("*",)}
    return replace(snapshot, agents=tuple(replace(agent, **told) for agent in snapshot.agents))


DOUBT = Finding(kind="unsupported", place="all of it", said="42")


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what decides every outcome; ``plan`` lists the steps' predecessors, empty to draw them.

    ``narrowed``: the executor may use more tools than a prompt shows. ``binds``: the plan names the tool of each step
    and binds its price, the first to a value, the later ones to the first one's output. ``dry``: nothing that writes
    is sent.
    ``filtered``: a filter looks at what comes in, and what tools say holds a personal value. ``doubted``: code finds
    something in every result, and that the first answer is wrong. ``remembers``: memories are recalled for every
    plan and choice, some of which others may have written. ``mends``: a toolsmith is in the team. ``researches``: every
    other step is a researcher's, who may be asked about its reads, and at times wants the same twice. ``names``: what
    agents are told first names the tools.
    """

    seed: int = 0
    troubles: tuple[str, ...] = ()
    script: dict[str, str] = {}
    plan: tuple[tuple[int, ...], ...] = ()
    narrowed: bool = False
    binds: bool = False
    dry: bool = False
    filtered: bool = False
    doubted: bool = False
    remembers: bool = False
    mends: bool = False
    researches: bool = False
    names: bool = False

    @property
    def catalogs(self) -> dict[str, Snapshot]:
        """Return the snapshot that a session pins and the one that it migrates to, by digest."""
        found = {"c": CATALOG, **LATER}
        for changed, change in ((self.researches, snapshot_with_researcher), (self.names, snapshot_with_tools_named)):
            found = {key: change(each) if changed else each for key, each in found.items()}
        return found

    def crossing(self, fact: SessionFact) -> list[SessionFact]:
        """Return a fact as it crosses into the log, with what a filter says of it, and code of a plan or an answer."""
        if isinstance(fact, ModelReplied) and (problem := self.script.get(f"check-{fact.call}-a{fact.attempt}")):
            problems = () if problem == "fits" else (problem,)
            return [PlanChecked(call=fact.call, attempt=fact.attempt, steps=1, problems=problems), fact]
        if self.doubted and isinstance(fact, ModelReplied) and fact.call == "answer":
            problems = ("42 is not 43",) if fact.attempt == 1 else ()
            checked = AnswerChecked(call="answer", attempt=fact.attempt, findings=(DOUBT,), problems=problems)
            return [checked, fact]
        if not self.filtered or not isinstance(fact, GoalSubmitted | ModelReplied | CallSucceeded):
            return [fact]
        match fact:
            case GoalSubmitted():
                return [fact, self._filtered("goal", "", 0)]
            case ModelReplied():
                return [self._filtered("arguments", fact.call, fact.attempt), fact]
            case CallSucceeded():
                hidden = (HiddenValue(token="[email:1]", sealed="c2VhbGVk"),)
                places = (HiddenPlace(kind="email", at="/output"),)
                fact = replace(fact, output=content(b"[email:1] is fine"), hidden=hidden, redacted=places)
                return [self._filtered("output", fact.call, fact.attempt), fact]

    def _filtered(self, place: FilteredPlace, call: str, attempt: int) -> ContentFiltered:
        decision = self.says(f"filter-{call or place}-a{attempt}", "pass")
        return ContentFiltered(
            place=place,
            call=call,
            attempt=attempt,
            filter="odd-words",
            decision=FILTERED[decision],
            labels=("odd",) if decision == "label" else (),
            reason="" if decision == "pass" else "odd words",
        )

    def draw(self, *question: str | int) -> int:
        """Return a number that is always the same for a question."""
        return int(derive(self.seed, *question)[:8], 16)

    def says(self, question: str, usual: str, *others: str) -> str:
        """Return the outcome of a question: scripted, or the usual one in two of three cases."""
        if question in self.script:
            return self.script[question]
        possible = [other for other in others if other in self.troubles]
        draw = self.draw(question)
        return possible[draw // 3 % len(possible)] if possible and draw % 3 == 0 else usual

    def ask(self, state: Session, effect: AskModel) -> ModelReplied | ModelFailed:
        """Answer as a model."""
        troubles = ("garbage", "model-fault") if effect.model.attempt < 3 else ()
        outcome = self.says(effect.id, "good", *troubles)
        jitter = self.draw(effect.id, "jitter") % 1001
        if outcome == "model-fault":
            return ModelFailed(
                call=effect.model.id, attempt=effect.model.attempt, reason="503", retryable=True, jitter_permille=jitter
            )
        text = bytes(foreign({"no": "thanks"} if outcome == "garbage" else self._reply(state, effect))).decode()
        asked = prompt(state, effect.model, self.catalogs[state.catalog_of(effect.model)])
        tokens = len(text) // 4
        reply = content(text.encode())
        attempt = effect.model.attempt
        return ModelReplied(
            call=effect.model.id, attempt=attempt, reply=reply, prompt_digest=asked.digest(), tokens_out=tokens
        )

    def _reply(self, state: Session, effect: AskModel) -> dict[str, Any]:
        model = effect.model
        round_ = state.steps[model.step - 1].round if model.step else 1
        match model.purpose:
            case "plan":
                return {"steps": self._steps()}
            case "replan":
                waiting = [step.number for step in state.steps if isinstance(step.stage, Waiting)]
                done = [step.number for step in state.steps if isinstance(step.stage, Accepted)]
                return {"steps": [{"goal": "another way", "after": done, "instead": waiting[0] if waiting else 0}]}
            case "choose" if self._asks(state, model):
                return {"describe": "keyed", "at": "/body"}
            case "choose" if model.recipe == RESEARCH:
                return self._researched(state, model)
            case "choose" if self.says(f"choice-{model.id}", "tool", *_again(round_, "stated")) == "stated":
                return {"result": f"result {model.step}"}
            case "choose":
                tools = list(REPEATABLE)
                tool = self.says(f"tool-{model.id}", tools[self.draw(model.id, "tool") % len(tools)])
                return {"tool": tool, "arguments": {"body": {"sku": f"{model.step}-{round_}", "price": 1}}}
            case "repair":
                broken = state.steps[model.step - 1].broken
                if broken is None or self.says(f"mend-{model.id}", "mends") != "mends":
                    return {"result": "the sku is missing"}
                return {"tool": broken.tool, "arguments": {"body": {"sku": f"{model.step}-{round_}", "price": 1}}}
            case "review":
                verdict = self.says(
                    f"verdict-{model.id}", "accept", *_again(round_, "rework"), *_late("replan", model), "fail"
                )
                return {"verdict": verdict, "reason": f"seen in round {round_}"}
            case "answer":
                return {"answer": "all done"}
            case _:
                assert_never(model.purpose)

    def _asks(self, state: Session, model: ModelCall) -> bool:
        """Tell whether an agent wants to be told of a tool first: not for ever."""
        few = len(state.steps[model.step - 1].told) < 2
        return few and self.says(f"question-{model.id}", "none", "asks") == "asks"

    def _researched(self, state: Session, model: ModelCall) -> dict[str, Any]:
        """Look for one of two things, or say of some calls what they found."""
        step = state.steps[model.step - 1]
        if room(state, step) and self.draw(model.id, "more") % 4:
            sku = f"{model.step}-{self.draw(model.id, 'sku') % 3}"
            return {"tool": "read", "arguments": {"body": {"sku": sku, "price": 1}}}
        shown = [call for call in evidence(state, step) if self.draw(model.id, call) % 2]
        return {"findings": [{"claim": "so it is", "calls": shown, "value": True}, {"claim": "and nothing else"}]}

    def _steps(self) -> list[dict[str, Any]]:
        plan = self.plan
        if not plan:
            count = 1 + self.draw("steps") % 3
            plan = tuple(
                tuple(other for other in range(1, number) if self.draw("after", number, other) % 2)
                for number in range(1, count + 1)
            )
        steps = [{"goal": f"step {number}", "after": list(after)} for number, after in enumerate(plan, 1)]
        if self.researches:
            steps = [{**step, "agent": ("executor", "researcher")[number % 2]} for number, step in enumerate(steps, 1)]
        return [{**step, **self._bound(number)} for number, step in enumerate(steps, 1)] if self.binds else steps

    def _bound(self, step: int) -> dict[str, Any]:
        tool = self.script[f"tool-choose-{step}-1"]
        pointed = {"argument": "/body/price", "step": 1, "pointer": "/ok"}
        return {"tool": tool, "slots": [{"argument": "/body/price", "value": 1} if step == 1 else pointed]}

    def _filled(self, state: Session, choice: Choice) -> dict[str, Any]:
        """Return what a check says of the slots: the first step's price comes from the goal, the others' from it."""
        step = state.step_awaiting(choice.call)
        if not self.binds or step is None:
            return {}
        slot, first = step.plan.slots[0], step.number == 1
        label = GOAL if first else output_label(CATALOG.documents[0].tools[0])
        arguments = {"body": {**parse(bytes(choice.arguments.value))["body"], "price": 1 if first else True}}
        filled = FilledSlot(argument=slot.argument, label=label, step=slot.step, pointer=slot.pointer)
        return {"arguments": foreign(arguments), "filled": (filled,)}

    def _remembered(self, effect: RecallMemories) -> tuple[RecalledMemory, ...]:
        label = Label(sources=("human:ada",), trusted=effect.planning or self.draw(effect.id) % 2 == 0, private=False)
        one = RecalledMemory(id="m", kind="semantic", score=500, digest="d", text="Mugs are blue.", label=label)
        return (one,) * (self.draw(effect.id, "memories") % 3)

    def immediate(self, state: Session, effect: Immediate) -> SessionFact:
        """Check, judge or review as the shell does at once."""
        match effect:
            case FindTools():
                tools = sorted(REPEATABLE, key=lambda name: self.draw(effect.id, name))
                found = tuple(FoundTool(name=name, score=1000 - 100 * place) for place, name in enumerate(tools))
                everybody = tuple(FoundFor(agent=agent, tools=found) for agent in effect.agents)
                return ToolsFound(call=effect.call, text=effect.text, method="drawn", found=everybody)
            case RecallMemories():
                return MemoriesRecalled(call=effect.call, text=effect.text, memories=self._remembered(effect))
            case DescribeTool():
                text = f"more of {effect.tool}"
                return ToolDescribed(step=effect.step, call=effect.call, tool=effect.tool, at=effect.at, text=text)
            case CheckArguments(choice=choice):
                if self.says(effect.id, "fits", *_again(_round(choice.call), "misfit")) == "misfit":
                    operation = f"POST /{choice.tool}" if self.mends else ""
                    return ArgumentsChecked(call=choice.call, operation=operation, problems=("body.sku is unknown",))
                return ArgumentsChecked(
                    call=choice.call,
                    operation=f"POST /{choice.tool}",
                    document="d",
                    effect_class="read" if choice.tool == "read" else "write",
                    repeatable=REPEATABLE[choice.tool],
                    request_digest=digest([choice.tool, parse(bytes(choice.arguments.value))]),
                    **self._filled(state, choice),
                )
            case JudgeCall(choice=choice, request=request):
                again = _again(_round(choice.call), "deny", "other-request")
                asks = choice.tool != "read" or (self.researches and self.draw(effect.id, "asks") % 4 == 0)
                outcome = self.says(effect.id, "ask" if asks else "allow", *again)
                return VerdictReached(
                    call=choice.call,
                    request_digest="another" if outcome == "other-request" else request.digest,
                    decision=DECISIONS[outcome],
                    rules=("rule",),
                    policy_set="p",
                    reason=outcome,
                    provenance=provenance(state, choice, tool_named(choice.tool), reads=choice.tool == "read")
                    if self.binds
                    else None,
                )
            case CheckResult():
                return ResultChecked(
                    step=effect.step,
                    call=effect.call,
                    problems=problems_of(effect.output, effect.tool),
                    findings=(DOUBT,) if self.doubted else (),
                )

    def second_verdict(self, effect: SendCall) -> VerdictReached | None:
        """Judge a call again that a human allowed, as is done right before it is first sent."""
        if effect.approved is None:
            return None
        again = _again(_round(effect.choice.call), "denied-later", "changed-later")
        outcome = self.says(f"again-{effect.approved.approval}", "as it was", *again, "allowed-later")
        decision: Decision = {"denied-later": "deny", "allowed-later": "allow"}.get(outcome, "ask")  # type: ignore[assignment]
        return VerdictReached(
            call=effect.choice.call,
            request_digest=effect.request.digest,
            decision=decision,
            rules=("rule",) if outcome == "as it was" else (outcome,),
            policy_set="p" if outcome == "as it was" else "q",
            reason=outcome,
        )

    def tool(self, effect: SendCall) -> str:
        """Return how an attempt ends: a failure, or the answer's text."""
        passing = ("not-sent", "unanswered", "server-error", "rate-limited") if effect.attempt < 3 else ()
        outcome = self.says(effect.id, "answer", *passing)
        return self.answer(effect) if outcome == "answer" else outcome

    def answer(self, effect: SendCall) -> str:
        """Return what the tool says in the end, however often its answer is lost."""
        choice = effect.choice
        # A human who says that a lost write happened knows nothing of what it answered: no oddities there.
        odd = ("error-inside",) if REPEATABLE[choice.tool] else ()
        again = _again(_round(choice.call), "rejected", *odd)
        bad = ("bad-answer",) if REPEATABLE[choice.tool] else ()
        outcome = self.says(f"answer-{choice.call}", '{"ok":true}', *again, *bad)
        return '{"error":"odd"}' if outcome == "error-inside" else outcome


def tool_named(name: str) -> Tool:
    """Find one of the shop's tools."""
    found = CATALOG.tool(name)
    assert found is not None
    return found


def _late(verdict: str, model: ModelCall) -> tuple[str, ...]:
    """Return a verdict that only a review by the newer recipe may have."""
    return (verdict,) if model.recipe == REVIEW_OF_PLAN else ()


def _again(round_: int, *troubles: str) -> tuple[str, ...]:
    """Return troubles that send a step back, except in the round after which it would fail."""
    return troubles if round_ < LAST_ROUND else ()


def _round(call: str) -> int:
    return int(call.rpartition("-")[2])
