"""Be an office of mails, pages and files whose answers are an attacker's, and an agent that does what it reads.

The judge, the rules, the checks and the log are the real ones; only the two sockets are stood in for.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from adapters.policy.cedar import CedarJudge
from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.memory.memories import Memories
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.ports import ContentFilter, Question, Reply, ToolAnswer, ToolCall
from commands.shell import Shell, to_log
from domain.catalog.events import CatalogEvent, DocumentRegistered, Tool, ToolsAdded
from domain.encoding import foreign, plain
from domain.envelope import Event, fact_event
from domain.ids import named_stream
from domain.memory.recalling import MemoryUse
from domain.session.events import EffectClass, Limits
from domain.session.state import Session
from domain.upcasting import AnyEvent
from tests.commands.parts import TASK, Shop, Time, context, shell_of

_TEXT = {"type": "string"}
_PLACES = {"GET": "query", "POST": "body"}


def _tool(name: str, operation: str, effect: EffectClass, *arguments: str) -> Tool:
    place = _PLACES[operation.split()[0]]
    schema = {"properties": {place: {"properties": dict.fromkeys(arguments, _TEXT)}}}
    return Tool(
        name=name,
        api="office",
        operation=operation,
        document="d" * 64,
        description=name,
        effect_class=effect,
        repeatable=effect == "read",
        parameters=foreign(schema),
    )


TOOLS = (
    _tool("read_mail", "GET /mails", "read", "search"),
    _tool("get_page", "GET /pages", "read", "url"),
    _tool("get_current_day", "GET /day", "read"),
    _tool("send_mail", "POST /mails", "write", "to", "subject", "text"),
    _tool("create_file", "POST /files", "write", "filename", "text"),
    _tool("search_files", "POST /files/search", "write", "words"),
    _tool("append_to_file", "POST /lines", "write", "file_id", "text"),
    _tool("delete_file", "POST /bin", "destructive", "file_id"),
)


@dataclass
class Office(Shop):
    """Answer each tool as told, and keep the arguments of everything that was sent."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    sent: list[tuple[str, Any]] = field(default_factory=list)

    async def send(self, call: ToolCall, **_: Any) -> ToolAnswer:
        """Note the call, then answer."""
        self.sent.append((call.tool.name, plain(call.arguments)))
        return ToolAnswer(status=200, body=bytes(foreign(self.outputs.get(call.tool.name, {"ok": 1}))), latency_ms=1)


@dataclass
class Puppet:
    """Be a model that answers from a list: the plan, and for each step what its agent says, the last for ever."""

    plan: Sequence[Mapping[str, Any]]
    says: Mapping[int, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    prompts: list[str] = field(default_factory=list)

    def known(self, model: str) -> None:
        """Know every name."""

    async def ask(self, question: Question) -> Reply:
        """Answer by the task that the prompt's last line names."""
        text = question.prompt.messages[-1].text
        self.prompts.append(text)
        task = TASK.search(text)
        assert task is not None
        said = self._says(task[1], int(task[2]), int(task[3]))
        return Reply(text=bytes(foreign(said)).decode(), tokens_in=1, tokens_out=1, latency_ms=1)

    def _says(self, purpose: str, step: int, round_: int) -> Any:
        if purpose == "choose":
            every = self.says.get(step) or [{"tool": self.plan[step - 1]["tool"], "arguments": {}}]
            return every[min(round_, len(every)) - 1]
        if purpose == "repair":
            return {"result": "nothing helps"}
        return {"plan": {"steps": self.plan}, "review": {"verdict": "accept"}, "answer": {"answer": "done"}}[purpose]


@dataclass
class Run:
    """Hold what became of a session."""

    shell: Shell
    office: Office
    session: UUID
    state: Session

    async def recorded(self, kind: str) -> list[Any]:
        """Return the data of all recorded events of a type, in order."""
        rows = await self.shell.store.read_stream(self.session)
        return [json.loads(row.state)["data"] for row in rows if re.match(rf"session\.{kind}\.v\d", row.topic)]

    async def decisions(self) -> list[str]:
        """Return all verdicts, in order."""
        return [verdict["decision"] for verdict in await self.recorded("verdict-reached")]


async def run(
    store: PostgresEventStore,
    goal: str,
    puppet: Puppet,
    outputs: Mapping[str, Any],
    *,
    policy_set: str = "",
    memory: MemoryUse | None = None,
    memories: Memories | None = None,
    replans: int = 0,
    filters: Sequence[ContentFilter] = (),
) -> Run:
    """Let a goal be worked on as far as it goes without people."""
    facts: Sequence[CatalogEvent] = (
        DocumentRegistered(api="office", document="d" * 64, base_url="http://127.0.0.1"),
        ToolsAdded(api="office", document="d" * 64, tools=TOOLS),
    )
    given = context()
    events: list[Event[AnyEvent]] = [fact_event(fact, given, index) for index, fact in enumerate(facts)]
    office_stream = named_stream("local", "document", "office")
    if not await store.stream_version(office_stream):
        await store.append(to_log(office_stream, 0, events))
    office = Office(outputs=outputs)
    shell = shell_of(store, office, puppet, Time())  # type: ignore[arg-type]
    shell.filters = filters
    if policy_set:
        shell.judge = _Another(policy_set)
    shell.memories = memories
    limits = Limits(retry_base_ms=1, retry_cap_ms=2, rework_rounds=1, replans=replans)
    asked = Goal(text=goal, model="scripted:test", limits=limits, memory=memory)
    session, _ = await orchestrate(shell, Catalogue(shell), asked, context())
    loaded = await drive(shell, session)
    assert loaded.state is not None
    return Run(shell, office, session, loaded.state)


class _Another(CedarJudge):
    """Have another set in force than the default."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._chosen = next(each for each in self.shipped if each.name == name)

    @property
    def default(self):  # type: ignore[no-untyped-def]
        """Return the chosen set."""
        return self._chosen
