"""Answer a session's questions by rules: plan, choose, review and answer, from the prompt alone."""

from adapters.models.rules import planning
from adapters.models.rules.filling import filled
from adapters.models.rules.seen import bound_of, goal_of, planned_tool, results_of, schemas_of, tools_of
from commands.ports import ModelFault, Question, Reply
from commands.script import read_task
from domain.encoding import foreign
from domain.errors import Invalid

CANNOT = "Cannot be done by rules: "
ONE_PLAN = "the rules know one plan for a goal: give the session a model that can plan anew"
MOST_SHOWN = 500


class RulesModel:
    """Answer without a model; the same prompt always the same way."""

    def check(self) -> None:
        """Need nothing."""

    async def ask(self, question: Question) -> Reply:
        """Answer at once; tokens are counted as words. Raises ModelFault for what is no session's prompt."""
        text = question.prompt.messages[-1].text if question.prompt.messages else ""
        try:
            purpose = read_task(question.prompt).purpose
        except Invalid as fault:
            raise ModelFault(str(fault), retryable=False) from fault
        if purpose == "replan":
            raise ModelFault(ONE_PLAN, retryable=False)
        said = bytes(foreign(_reply(purpose, text))).decode()
        words = sum(len(message.text.split()) for message in question.prompt.messages)
        return Reply(text=said, tokens_in=words, tokens_out=len(said.split()), latency_ms=0)


def _reply(purpose: str, text: str) -> dict[str, object]:
    match purpose:
        case "plan":
            return {"steps": planning.plan(goal_of(text), tools_of(text))}
        case "review":
            said = text.rpartition(CANNOT)[2].partition("\n")[0] if CANNOT in text else ""
            verdict, reason = ("fail", f"it says that it cannot be done: {said}") if said else ("accept", "")
            return {"verdict": verdict, "reason": reason}
        case "answer":
            return {"answer": _answer(text)}
        case _:
            return _choice(text)


def _choice(text: str) -> dict[str, object]:
    schemas, tool = schemas_of(text), planned_tool(text)
    if tool not in schemas:
        return {"result": f"{CANNOT}no tool is shown that the plan calls here."}
    arguments, missing = filled(schemas[tool], bound_of(text), goal_of(text), results_of(text))
    if missing:
        return {"result": f"{CANNOT}{tool} needs {', '.join(missing)}, which neither goal nor results hold."}
    return {"tool": tool, "arguments": arguments}


def _answer(text: str) -> str:
    """Return what was found, as it was: rules understand nothing of it."""
    found = [f"{each.source}: {each.text[:MOST_SHOWN]}" for each in results_of(text)]
    return "\n".join(["Found without a model, each result as it was said:", *found]) if found else "Nothing was found."
