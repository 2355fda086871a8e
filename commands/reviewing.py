"""Review by code what tools answer and what agents state: the outcome is recorded, and never worked out again.

What contradicts its evidence goes back to whoever said it. Where they still say so the last time, the reviewing model
has the last word on a result, and people see it as a mark on an answer: code can be wrong too.
"""

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial

from commands.shell import Shell
from domain.content import Content
from domain.reviewing.claims import claims_of, review_claims
from domain.reviewing.findings import Finding, instructions
from domain.reviewing.obvious import problems_of
from domain.reviewing.reading import Source
from domain.reviewing.review import review
from domain.session.effects import CheckResult
from domain.session.events import AnswerChecked, ModelReplied, ResultChecked, SessionFact
from domain.session.replies import Unreadable, read_answer, read_summary
from domain.session.researching import evidence, says_something
from domain.session.state import Accepted, Answering, Session, Step
from domain.session.steps import ANSWER_AND_SUM

MOST_EVIDENCE = 1024 * 1024
"""How many bytes of evidence are read for one claim; what nothing of it speaks for is not noted where there is more."""
AT_ONCE = 32 * 1024
"""Up to how many bytes of evidence a review is so short that nobody waits for it."""


async def result_checked(shell: Shell, state: Session, effect: CheckResult) -> ResultChecked:
    """Review a step's result; what a tool answers is evidence itself, and only held against its description."""
    plain = problems_of(effect.output, effect.tool)
    if plain or effect.tool:
        described = tuple(Finding(kind="schema", place=effect.tool, said=each) for each in effect.mismatches)
        return ResultChecked(step=effect.step, call=effect.call, problems=plain, findings=described)
    step = state.steps[effect.step - 1]
    known = (state.goal, bytes(state.context).decode())
    if state.researches(step.plan.agent):
        found = await _claims_reviewed(shell, state, step, effect.output.text, known)
    else:
        used = [state.steps[number - 1] for number in step.plan.after]
        found = await _review(shell, state, effect.output.text, used, step.plan.criteria, step.plan.goal, known)
    last = step.tries > state.limits_of(step.plan.agent).rework_rounds and state.agent_in_role("reviewer")
    return ResultChecked(
        step=effect.step, call=effect.call, problems=() if last else instructions(found), findings=found
    )


async def _claims_reviewed(
    shell: Shell, state: Session, step: Step, output: str, known: Sequence[str]
) -> tuple[Finding, ...]:
    """Review what a researcher found, each claim by the answers of the calls that it names."""
    claims, answers = claims_of(output), dict[str, Source]()
    named, room = {call for claim in claims for call in claim.calls}, MOST_EVIDENCE
    described = []
    for call, found in evidence(state, step).items():
        if call not in named or not says_something(found):
            continue
        room -= found.output.size
        name = found.tool or call
        whole = room >= 0
        answers[call] = (
            await _source(shell, state, name, found.output) if whole else Source(name=name, text="", whole=False)
        )
        described += [Finding(kind="schema", place=name, said=each) for each in found.mismatches]
    work = partial(review_claims, claims, answers, criteria=step.plan.criteria, goal=step.plan.goal, known=known)
    size = sum(len(source.text) for source in answers.values())
    return (*described, *(work() if size <= AT_ONCE else await asyncio.to_thread(work)))


async def answer_checked(shell: Shell, state: Session | None, fact: SessionFact) -> Sequence[AnswerChecked]:
    """Review the session's answer, if a fact is that; return nothing where nothing is found."""
    stage = state.stage if state else None
    if state is None or not isinstance(fact, ModelReplied) or not isinstance(stage, Answering):
        return ()
    if (stage.model.id, stage.model.attempt) != (fact.call, fact.attempt):
        return ()
    try:
        summary = read_summary(fact.reply) if stage.model.recipe == ANSWER_AND_SUM else ""
        claim = f"{read_answer(fact.reply)}\n{summary}".strip() if summary else read_answer(fact.reply)
    except Unreadable:
        return ()
    known = (bytes(state.context).decode(),)
    found = await _review(shell, state, claim, state.steps[::-1], "", state.goal, known)
    last = fact.attempt >= state.limits.model_attempts
    problems = () if last else instructions(found)
    return (AnswerChecked(call=fact.call, attempt=fact.attempt, findings=found, problems=problems),) if found else ()


async def _review(
    shell: Shell,
    state: Session,
    claim: str,
    steps: Sequence[Step],
    criteria: str,
    goal: str,
    known: Sequence[str],
) -> tuple[Finding, ...]:
    sources = await _sources(shell, state, steps)
    if sum(len(source.text) for source in sources) <= AT_ONCE:
        return review(claim, sources, criteria=criteria, goal=goal, known=known)
    return await asyncio.to_thread(review, claim, sources, criteria=criteria, goal=goal, known=known)


async def _sources(shell: Shell, state: Session, steps: Sequence[Step]) -> list[Source]:
    """Return what steps found, as much as is read; the rest is named, but not whole."""
    sources: list[Source] = []
    room = MOST_EVIDENCE
    for step in steps:
        for name, output in _said_in(step):
            room -= output.size
            if room < 0:
                return [*sources, Source(name=name, text="", whole=False)]
            sources.append(await _source(shell, state, name, output))
    return sources


def _said_in(step: Step) -> Iterator[tuple[str, Content]]:
    """Yield what an accepted step found, a researcher's findings behind the answers that they rest on."""
    if isinstance(step.stage, Accepted):
        yield from ((each.tool, each.output) for each in step.gathered if says_something(each))
        yield step.stage.tool or f"step {step.number}", step.stage.output


async def _source(shell: Shell, state: Session, name: str, output: Content) -> Source:
    if output.whole:
        return Source(name=name, text=output.text)
    data = await shell.store.get_blob(state.tenant, output.blob)
    return Source(name=name, text=data.decode("utf-8", "replace"))
