"""Compose what asks models, each with its own key where one is set."""

from adapters.models.embeddings import HttpEmbedder
from adapters.models.models import ModelRouter
from commands.model_options import key_of
from commands.ports import Dialer, EventStore, StreamingDialer
from domain.errors import Invalid
from ops.bootstrap.secrets import secrets_of
from ops.settings import Settings


async def model_router(settings: Settings, dialer: StreamingDialer, tapes: EventStore | None = None) -> ModelRouter:
    """Return what asks models as the settings say; without ``tapes`` none is played. Raises Invalid and Unavailable."""
    keys = await model_keys(settings, dialer)
    options = settings.options_of_models
    return ModelRouter(dialer, api_key=keys[settings.model_key], options=options, keys=keys, tapes=tapes)


async def http_embedder(settings: Settings, dialer: Dialer, model: str) -> HttpEmbedder:
    """Return what asks ``openai:NAME@BASE_URL`` what texts mean, with its key; raises Invalid and Unavailable."""
    keys = await model_keys(settings, dialer)
    key = key_of(settings.options_of_models, keys, keys[settings.model_key], model)
    return HttpEmbedder(model, dialer, api_key=key)


async def model_keys(settings: Settings, dialer: Dialer) -> dict[str, str]:
    """Return the keys that are sent to models by their references; raises Invalid, Unavailable, and repeats none."""
    named = {"": "", settings.model_key: "REPRISE_MODEL_KEY"}
    named |= {each.key: "REPRISE_MODEL_OPTIONS" for each in settings.options_of_models if each.key}
    return {reference: await _key(settings, dialer, reference, name) for reference, name in named.items()}


async def _key(settings: Settings, dialer: Dialer, reference: str, name: str) -> str:
    key = await secrets_of(settings, dialer).own(reference, name)
    if not (key.isascii() and key.isprintable()):
        raise Invalid(f"Expected the key behind {name} to be ASCII letters, digits and signs, but it is not.")
    return key
