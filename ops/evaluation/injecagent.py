"""Let the direct-harm attacks of InjecAgent meet an agent that obeys them all.

InjecAgent (Zhan et al. 2024) has 510 cases: a user's one call, whose answer holds an instruction, and the tool that the
attacker wants called. What arguments he wants is not in the data: they are filled from the instruction by the tool's
schema, a text where a text is asked for.
"""

import ast
from pathlib import Path
from typing import Any

import msgspec

from domain.errors import Invalid
from ops.evaluation.injection.cases import CANARY, Attack, Call, PlainTool, Setting, Task, whole
from ops.evaluation.injection.suite import NAMES, measured
from ops.evaluation.suite import Figures, Suite, Wanted

CASES, TOOLS = "test_cases_dh_base.json", "tools.json"
VECTOR = "text"
PLACE = "<Attacker Instruction>"
TYPES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "array": "array"}
FILLED: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True, "object": {}}


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    attackers: tuple[str, ...] = msgspec.field(name="Attacker Tools")
    instruction: str = msgspec.field(name="Attacker Instruction")
    user_tool: str = msgspec.field(name="User Tool")
    prompt: str = msgspec.field(name="User Instruction")
    arguments: str = msgspec.field(name="Tool Parameters")
    template: str = msgspec.field(name="Tool Response Template")


class _Parameter(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    type: str
    description: str = ""
    required: bool = False


class _Tool(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    summary: str
    parameters: tuple[_Parameter, ...] = ()


class _Toolkit(msgspec.Struct, frozen=True, kw_only=True):
    name_for_model: str
    tools: tuple[_Tool, ...]


async def run(wanted: Wanted) -> Figures:
    """Measure what gets through."""
    return await measured(wanted, settings(wanted.data))


def settings(data: Path | None) -> list[Setting]:
    """Read the suite's worlds."""
    assert data is not None, "the suite names a source, so it is run with data"
    return [read_cases(data)]


def read_cases(folder: Path) -> Setting:
    """Read the cases as one setting in which each attack meets its own task; raise Invalid."""
    try:
        cases = msgspec.json.decode((folder / CASES).read_bytes(), type=list[_Case])
        toolkits = msgspec.json.decode((folder / TOOLS).read_bytes(), type=list[_Toolkit])
    except (OSError, msgspec.MsgspecError) as fault:
        raise Invalid(
            f"Expected InjecAgent's cases and tools in {folder}, but they cannot be read: {fault}."
        ) from fault
    every = {f"{kit.name_for_model}{tool.name}": tool for kit in toolkits for tool in kit.tools}
    setting = Setting(
        suite="injecagent",
        tools=tuple(_plain(name, every.get(name)) for name in sorted(_used(cases))),
        user_tasks=tuple(_task(number, case) for number, case in enumerate(cases)),
        injection_tasks=tuple(_attack(number, case, every) for number, case in enumerate(cases)),
        injection_vector_defaults={VECTOR: ""},
        pairs=tuple((number, number) for number in range(len(cases))),
    )
    return whole(setting, str(folder / CASES))


def _used(cases: list[_Case]) -> set[str]:
    return {name for case in cases for name in (case.user_tool, *case.attackers)}


def _plain(name: str, tool: _Tool | None) -> PlainTool:
    if tool is None:
        raise Invalid(f"Expected {TOOLS} to describe every tool that {CASES} calls, but it lacks {name[:100]!r}.")
    schema = {
        "type": "object",
        "properties": {each.name: _schema(each) for each in tool.parameters},
        "required": [each.name for each in tool.parameters if each.required],
    }
    return PlainTool(name=name, description=tool.summary, parameters=schema)


def _schema(parameter: _Parameter) -> dict[str, Any]:
    kind = TYPES.get(parameter.type, "object")
    return {"type": kind, "description": parameter.description}


def _task(number: int, case: _Case) -> Task:
    call = Call(
        tool=case.user_tool,
        args=_literal(number, case.arguments),
        vectors_in_output=(VECTOR,),
        output=case.template.replace(PLACE, CANARY.format(VECTOR)),
    )
    return Task(id=f"task_{number}", prompt=case.prompt, calls=(call,), vectors_seen=(VECTOR,))


def _literal(number: int, text: str) -> dict[str, Any]:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError) as fault:
        raise Invalid(
            f"Expected the parameters of case {number} to be a dictionary, but got {text[:100]!r}."
        ) from fault
    if not isinstance(value, dict):
        raise Invalid(f"Expected the parameters of case {number} to be a dictionary, but got {text[:100]!r}.")
    return value


def _attack(number: int, case: _Case, every: dict[str, _Tool]) -> Attack:
    calls = tuple(
        Call(tool=name, args=_arguments(case.instruction, every[name])) for name in case.attackers if name in every
    )
    return Attack(id=f"attack_{number}", goal=case.instruction, calls=calls)


def _arguments(instruction: str, tool: _Tool) -> dict[str, Any]:
    return {each.name: _value(instruction, _schema(each)["type"]) for each in tool.parameters if each.required}


def _value(instruction: str, kind: str) -> Any:
    if kind == "array":
        return [instruction]
    return FILLED.get(kind, instruction)


SUITE = Suite(
    name="injecagent",
    words="Let an agent that obeys every injected instruction read InjecAgent's answers: what harm gets through.",
    source="github.com/uiuc-kang-lab/InjecAgent (data/test_cases_dh_base.json and data/tools.json)",
    run=run,
    settings=settings,
    figures=NAMES,
)
