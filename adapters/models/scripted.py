"""Answer prompts from a script, the same prompt always with the same reply."""

import asyncio
from functools import lru_cache
from pathlib import Path

from commands.ports import ModelFault, Question, Reply
from commands.script import Line, Player, read_script, task_line
from domain.errors import Refused

RETRYABLE = (408, 409, 425, 429)


class ScriptedModel:
    """Answer from one script file; a file that changed is read again."""

    def __init__(self, file: str) -> None:
        self._path = Path(file)

    def check(self) -> None:
        """Raise Refused where the script cannot be read."""
        self._player()

    async def ask(self, question: Question) -> Reply:
        """Answer as the script says; tokens are counted as words, for a script has no tokenizer."""
        prompt = question.prompt
        try:
            line = self._player().line(prompt)
        except Refused as fault:
            raise ModelFault(str(fault), retryable=False) from fault
        if line is None:
            raise ModelFault(f"No reply in {self._path} matches '{task_line(prompt)}'; add one.", retryable=False)
        await asyncio.sleep(line.manner.delay_ms / 1000)
        if trouble := _trouble(line):
            raise trouble
        words = sum(len(message.text.split()) for message in prompt.messages)
        return Reply(
            text=line.text, tokens_in=words, tokens_out=len(line.text.split()), latency_ms=line.manner.delay_ms
        )

    def _player(self) -> Player:
        return _read(self._path, self._path.stat().st_mtime_ns if self._path.exists() else 0)


def _trouble(line: Line) -> ModelFault | None:
    """Return the fault that a reply is, as it would be over HTTP."""
    manner = line.manner
    if manner.status:
        return ModelFault(
            f"The script answered with status {manner.status}: {line.text}",
            retryable=manner.status in RETRYABLE or manner.status >= 500,
            retry_after_ms=manner.retry_after_ms,
        )
    if manner.cut is not None or manner.stop == "length":
        return ModelFault("The script's reply broke off.", retryable=True, uncertain=True)
    if manner.stop != "stop":
        return ModelFault(f"The script's reply was held back: {manner.stop}.", retryable=False, uncertain=True)
    return None


@lru_cache(maxsize=16)
def _read(path: Path, modified_ns: int) -> Player:
    return Player(read_script(path))
