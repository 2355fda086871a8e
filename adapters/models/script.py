"""Read a script for the scripted model and find the reply to a prompt: a pure function of the prompt.

A script is a JSON object ``{"replies": [...]}``. Each reply may name ``purpose``, ``step``, ``round``,
``attempt`` (all as in the TASK line that ends every prompt) and ``goal`` (a part of the prompt's text);
what it does not name matches anything, and the first match answers. It answers with ``reply``, a JSON
value, or ``text``, as it stands. ``find`` maps a word to a regular expression: its last match in the prompt
replaces ``$word`` in the answer, and without a match the reply does not apply.
"""

import re
from pathlib import Path
from string import Template

import msgspec

from domain.errors import Invalid, NotFound
from domain.session.prompt import Prompt

_TASK = re.compile(r"TASK purpose=(\w+) step=(\d+) round=(\d+) attempt=(\d+)")


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a prompt asks for."""

    purpose: str
    step: int
    round: int
    attempt: int


class ScriptedReply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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

    def answer(self, prompt: Prompt) -> str | None:
        """Return the first reply that applies, or None."""
        task = read_task(prompt)
        text = "\n".join(message.text for message in prompt.messages)
        answers = (reply.answer(task, text) for reply in self.replies)
        return next((answer for answer in answers if answer is not None), None)


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
