"""Choose the adapter that a model's name asks for."""

from adapters.models.openai import OpenAiModel
from adapters.models.scripted import ScriptedModel
from commands.ports import Dialer, ModelFault, Question, Reply
from domain.errors import Invalid, Refused

CHOICES = "scripted:FILE, openai:NAME@BASE_URL"


class ModelRouter:
    """Implement the Models port; ``api_key`` is sent to openai models where it is not empty."""

    def __init__(self, dialer: Dialer, *, api_key: str = "") -> None:
        self._dialer = dialer
        self._api_key = api_key

    def known(self, model: str) -> None:
        """Raise Invalid with the choices where no adapter serves a name, or a script cannot be read."""
        found = self._choose(model)
        if isinstance(found, ScriptedModel):
            found.check()

    async def ask(self, question: Question) -> Reply:
        """Ask once; raises ModelFault."""
        try:
            model = self._choose(question.model)
        except Refused as fault:
            raise ModelFault(str(fault), retryable=False) from fault
        if isinstance(model, ScriptedModel):
            return await model.ask(question.prompt)
        return await model.ask(question.prompt, question.timeout_ms)

    def _choose(self, model: str) -> ScriptedModel | OpenAiModel:
        kind, _, rest = model.partition(":")
        match kind:
            case "scripted" if rest:
                return ScriptedModel(rest)
            case "openai":
                return OpenAiModel(model, self._dialer, api_key=self._api_key)
            case "":
                raise Invalid(f"No model is named: say --model or set REPRISE_MODEL, to one of {CHOICES}.")
            case _:
                raise Invalid(f"Expected the name of a model, one of {CHOICES}; got {model!r}.")
