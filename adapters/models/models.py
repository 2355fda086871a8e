"""Choose the adapter that a model's name asks for."""

from collections.abc import Mapping, Sequence

from adapters.models.anthropic import Anthropic
from adapters.models.endpoint import endpoint_of
from adapters.models.openai import OpenAi
from adapters.models.over_http import HttpModel, ModelProtocol
from adapters.models.rules.model import RulesModel
from adapters.models.scripted import ScriptedModel
from adapters.models.tape import TapePlayer, tape_of
from commands.caches import Cache
from commands.model_options import ModelOptions, key_of, options_of
from commands.ports import EventStore, ModelFault, Question, Reply, StreamingDialer
from domain.errors import Invalid, Refused

CHOICES = "scripted:FILE, rules, openai:NAME@BASE_URL, anthropic:NAME@BASE_URL, tape:SESSION"
PROTOCOLS: Mapping[str, ModelProtocol] = {"openai": OpenAi(), "anthropic": Anthropic()}
MOST_MODELS = 256
"""How many models over HTTP are remembered: what their servers refused, and until when they want to be left alone."""


class ModelRouter:
    """Implement the Models port.

    Models over HTTP are asked as ``options`` say. ``keys`` are the keys by their references; ``api_key`` is sent to
    those whose options name none, where it is not empty. ``tapes`` holds the sessions that can be played.
    """

    def __init__(
        self,
        dialer: StreamingDialer,
        *,
        api_key: str = "",
        options: Sequence[ModelOptions] = (),
        keys: Mapping[str, str] | None = None,
        tapes: EventStore | None = None,
    ) -> None:
        self._tapes = TapePlayer(tapes) if tapes else None
        self._dialer, self._api_key, self._options, self._keys = dialer, api_key, options, keys or {}
        self._served: Cache[str, HttpModel] = Cache(MOST_MODELS)

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
        return await model.ask(question)

    def _choose(self, model: str) -> ScriptedModel | RulesModel | HttpModel | TapePlayer:
        kind, _, rest = model.partition(":")
        match kind:
            case "scripted" if rest:
                return ScriptedModel(rest)
            case "tape" if self._tapes and tape_of(model):
                return self._tapes
            case _ if kind in PROTOCOLS:
                return self._served.find(model) or self._served.keep(model, self._served_by(PROTOCOLS[kind], model))
            case "rules" if not rest:
                return RulesModel()
            case "":
                raise Invalid(f"No model is named: say --model or set REPRISE_MODEL, to one of {CHOICES}.")
            case _:
                raise Invalid(f"Expected the name of a model, one of {CHOICES}; got {model!r}.")

    def _served_by(self, protocol: ModelProtocol, model: str) -> HttpModel:
        key = key_of(self._options, self._keys, self._api_key, model)
        return HttpModel(endpoint_of(model), protocol, self._dialer, options_of(self._options, model), api_key=key)
