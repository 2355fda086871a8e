"""Read a script for the scripted model and find the reply to a prompt.

A script is a JSON object ``{"replies": [...]}``. Each reply may name ``purpose``, ``step``, ``round``,
``attempt`` (all as in the TASK line that ends every prompt) and ``goal`` (a part of the prompt's text);
what it does not name matches anything, and the first match answers. It answers with ``reply``, a JSON
value, or ``text``, as it stands. ``find`` maps a word to a regular expression: its last match in the prompt
replaces ``$word`` in the answer, and without a match the reply does not apply.

Real servers have bad days, and so has a script: with ``status`` the reply is an error, its text the message,
after ``retry_after_ms``; ``delay_ms`` is how long it takes to begin, ``pause_ms`` how long each word of a stream;
it is cut off behind ``cut`` characters; ``stop`` says why the model stopped. A reply with ``times`` answers one
and the same prompt only so often, and then does not apply any more.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Annotated, Literal

import msgspec

from commands.caches import Cache
from domain.errors import Invalid, NotFound
from domain.session.prompt import Prompt

MOST_COUNTED = 10_000
_TASK = re.compile(r"TASK purpose=(\w+) step=(\d+) round=(\d+) attempt=(\d+)")


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a prompt asks for."""

    purpose: str
    step: int
    round: int
    attempt: int


Stop = Literal["stop", "length", "content_filter", "refusal"]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=3_600_000)]


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """Say how a reply is given, where that is not at once and whole."""

    status: Annotated[int, msgspec.Meta(ge=400, le=599)] | None = None
    retry_after_ms: Milliseconds = 0
    delay_ms: Milliseconds = 0
    pause_ms: Milliseconds = 0
    cut: Annotated[int, msgspec.Meta(ge=0)] | None = None
    stop: Stop = "stop"
    times: Annotated[int, msgspec.Meta(ge=0)] = 0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Be what the script answers to a prompt, and how."""

    text: str
    manner: Manner


class ScriptedReply(Manner, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold one reply and what it matches; exactly one of ``reply`` and ``text`` is given."""

    purpose: str | None = None
    step: int | None = None
    round: int | None = None
    attempt: int | None = None
    goal: str = ""
    find: dict[str, str] = {}
    reply: msgspec.Raw = msgspec.Raw()  # empty: not given; msgspec has no optional raw value
    text: str | None = None

    def __post_init__(self) -> None:
        """Refuse a reply that has no answer or two, or an expression that is none."""
        if bool(bytes(self.reply)) == (self.text is not None):
            raise ValueError("expected either 'reply' or 'text' in every reply")
        for expression in self.find.values():
            try:
                re.compile(expression)
            except re.error as fault:
                raise ValueError(f"expected a regular expression, not {expression!r}: {fault}") from fault

    def answer(self, task: Task, prompt: str) -> str | None:
        """Return the answer to a prompt, or None where this reply does not apply."""
        wanted = (self.purpose, self.step, self.round, self.attempt)
        asked = (task.purpose, task.step, task.round, task.attempt)
        if any(want not in (None, ask) for want, ask in zip(wanted, asked, strict=True)) or self.goal not in prompt:
            return None
        found = {word: re.findall(expression, prompt) for word, expression in self.find.items()}
        if not all(found.values()):
            return None
        text = bytes(self.reply).decode() if self.text is None else self.text
        if not found:
            return text
        return Template(text).safe_substitute({word: hits[-1] for word, hits in found.items()})


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold the replies in the order in which they are tried."""

    replies: tuple[ScriptedReply, ...]

    def lines(self, prompt: Prompt) -> Iterator[Line]:
        """Yield the replies that apply, the one that answers first; raises Invalid."""
        task = read_task(prompt)
        text = "\n".join(message.text for message in prompt.messages)
        for reply in self.replies:
            answer = reply.answer(task, text)
            if answer is not None:
                yield Line(text=answer, manner=reply)


class Player:
    """Play a script, and count how often it answered a prompt with a reply that is given only some times."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._played: Cache[tuple[str, int], int] = Cache(MOST_COUNTED)

    def line(self, prompt: Prompt) -> Line | None:
        """Return the reply to a prompt, or None where none applies; raises Invalid."""
        return next(
            (line for number, line in enumerate(self._script.lines(prompt)) if self._given(prompt, number, line)), None
        )

    def _given(self, prompt: Prompt, number: int, line: Line) -> bool:
        if not line.manner.times:
            return True
        key = (prompt.digest(), number)
        played = self._played.find(key) or 0
        self._played.keep(key, played + 1)
        return played < line.manner.times


def task_line(prompt: Prompt) -> str:
    """Return the last line of a prompt."""
    return prompt.messages[-1].text.rstrip().rpartition("\n")[2] if prompt.messages else ""


def read_task(prompt: Prompt) -> Task:
    """Read the TASK line that ends a prompt; raises Invalid."""
    found = _TASK.fullmatch(task_line(prompt))
    if found is None:
        raise Invalid(f"Expected a prompt that ends with a TASK line, not {task_line(prompt)[:200]!r}.")
    purpose, *numbers = found.groups()
    step, round_, attempt = map(int, numbers)
    return Task(purpose=purpose, step=step, round=round_, attempt=attempt)


def read_script(path: Path) -> Script:
    """Read a script; raises NotFound and Invalid with the place of the fault."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Script)
    except OSError as fault:
        raise NotFound(f"Expected a script for the scripted model at {path}: {fault.strerror}.") from fault
    except msgspec.DecodeError as fault:
        raise Invalid(f'Expected a script {{"replies": [...]}} in {path}, but {fault}.') from fault
