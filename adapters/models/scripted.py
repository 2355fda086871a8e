"""Answer prompts from a script, the same prompt always with the same reply."""

from functools import lru_cache
from pathlib import Path

from adapters.models.script import Script, read_script, task_line
from commands.ports import ModelFault, Reply
from domain.errors import Refused
from domain.session.prompt import Prompt


class ScriptedModel:
    """Answer from one script file; a file that changed is read again."""

    def __init__(self, file: str) -> None:
        self._path = Path(file)

    def check(self) -> None:
        """Raise Refused where the script cannot be read."""
        self._script()

    async def ask(self, prompt: Prompt) -> Reply:
        """Answer at once; tokens are counted as words, for a script has no tokenizer."""
        try:
            text = self._script().answer(prompt)
        except Refused as fault:
            raise ModelFault(str(fault), retryable=False) from fault
        if text is None:
            raise ModelFault(f"No reply in {self._path} matches '{task_line(prompt)}'; add one.", retryable=False)
        words = sum(len(message.text.split()) for message in prompt.messages)
        return Reply(text=text, tokens_in=words, tokens_out=len(text.split()), latency_ms=0)

    def _script(self) -> Script:
        return _read(self._path, self._path.stat().st_mtime_ns if self._path.exists() else 0)


@lru_cache(maxsize=16)
def _read(path: Path, modified_ns: int) -> Script:
    return read_script(path)
