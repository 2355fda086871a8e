"""Be everything outside a session: models, tools, the policy and a human, as pure functions of a seed and a question.

Every question has a name (``plan-m1``, ``judge-call-1-1``, ``call-1-1-a2``…). Its outcome is taken from the script, or
drawn from the seed among the usual one and those troubles that this world may have. Outcomes of a call do not depend
on how often its worker crashed: trouble with an attempt passes, what the tool says in the end does not change.
"""

from typing import Any, assert_never

import msgspec
from msgspec.structs import replace

from domain.catalog.defaults import DEFAULT_AGENTS
from domain.catalog.events import Tool
from domain.catalog.state import Document, Snapshot
from domain.content import content
from domain.encoding import digest, foreign, parse
from domain.ids import derive
from domain.review import problems_of
from domain.session.events import (
    ArgumentsChecked,
    Decision,
    FoundFor,
    FoundTool,
    ModelFailed,
    ModelReplied,
    ResultChecked,
    SessionFact,
    ToolsFound,
    VerdictReached,
)
from domain.session.outstanding import AskModel, CheckArguments, CheckResult, FindTools, Immediate, JudgeCall, SendCall
from domain.session.prompt import prompt
from domain.session.state import Session

PASSING = ("garbage", "model-fault", "not-sent", "unanswered", "server-error", "rate-limited")
REWORKED = ("misfit", "deny", "other-request", "rejected", "error-inside", "rework", "stated")
FATAL = ("bad-answer", "no", "silence", "give-up", "fail")
LETTERS = ("replay", "discard")
LAST_ROUND = 3  # with the default limits, what is sent back in this round fails

DECISIONS: dict[str, Decision] = {"allow": "allow", "ask": "ask", "deny": "deny", "other-request": "allow"}
REPEATABLE = {"read": True, "keyed": True, "write": False}
CATALOG = Snapshot(
    agents=tuple(DEFAULT_AGENTS.values()),
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


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what decides every outcome; ``plan`` lists the steps' predecessors, empty to draw them.

    ``narrowed``: the executor may use more tools than a prompt shows.
    """

    seed: int = 0
    troubles: tuple[str, ...] = ()
    script: dict[str, str] = {}
    plan: tuple[tuple[int, ...], ...] = ()
    narrowed: bool = False

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
        asked = prompt(state, effect.model, LATER.get(state.catalog, CATALOG))
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
            case "choose" if self.says(f"choice-{model.id}", "tool", *_again(round_, "stated")) == "stated":
                return {"result": f"result {model.step}"}
            case "choose":
                tools = list(REPEATABLE)
                tool = self.says(f"tool-{model.id}", tools[self.draw(model.id, "tool") % len(tools)])
                return {"tool": tool, "arguments": {"body": {"sku": f"{model.step}-{round_}", "price": 1}}}
            case "review":
                verdict = self.says(f"verdict-{model.id}", "accept", *_again(round_, "rework"), "fail")
                return {"verdict": verdict, "reason": f"seen in round {round_}"}
            case "answer":
                return {"answer": "all done"}
            case _:
                assert_never(model.purpose)

    def _steps(self) -> list[dict[str, Any]]:
        plan = self.plan
        if not plan:
            count = 1 + self.draw("steps") % 3
            plan = tuple(
                tuple(other for other in range(1, number) if self.draw("after", number, other) % 2)
                for number in range(1, count + 1)
            )
        return [{"goal": f"step {number}", "after": list(after)} for number, after in enumerate(plan, 1)]

    def immediate(self, state: Session, effect: Immediate) -> SessionFact:
        """Check, judge or review as the shell does at once."""
        match effect:
            case FindTools():
                tools = sorted(REPEATABLE, key=lambda name: self.draw(effect.id, name))
                found = tuple(FoundTool(name=name, score=1000 - 100 * place) for place, name in enumerate(tools))
                everybody = tuple(FoundFor(agent=agent, tools=found) for agent in effect.agents)
                return ToolsFound(call=effect.call, text=effect.text, method="drawn", found=everybody)
            case CheckArguments(choice=choice):
                if self.says(effect.id, "fits", *_again(_round(choice.call), "misfit")) == "misfit":
                    return ArgumentsChecked(call=choice.call, problems=("body.sku is unknown",))
                return ArgumentsChecked(
                    call=choice.call,
                    operation=f"POST /{choice.tool}",
                    document="d",
                    effect_class="read" if choice.tool == "read" else "write",
                    repeatable=REPEATABLE[choice.tool],
                    request_digest=digest([choice.tool, parse(bytes(choice.arguments.value))]),
                )
            case JudgeCall(choice=choice, request=request):
                again = _again(_round(choice.call), "deny", "other-request")
                outcome = self.says(effect.id, "allow" if choice.tool == "read" else "ask", *again)
                return VerdictReached(
                    call=choice.call,
                    request_digest="another" if outcome == "other-request" else request.digest,
                    decision=DECISIONS[outcome],
                    rules=("rule",),
                    policy_set="p",
                    reason=outcome,
                )
            case CheckResult():
                return ResultChecked(
                    step=effect.step, call=effect.call, problems=problems_of(effect.output, effect.tool)
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


def _again(round_: int, *troubles: str) -> tuple[str, ...]:
    """Return troubles that send a step back, except in the round after which it would fail."""
    return troubles if round_ < LAST_ROUND else ()


def _round(call: str) -> int:
    return int(call.rpartition("-")[2])
