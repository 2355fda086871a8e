"""Read the settings: defaults, then ``REPRISE_…`` environment variables, nested by ``__``; secrets only by reference.

A value's source is kept beside it, so that ``reprise config show`` can say where each came from.
"""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

import msgspec

from commands.model_options import ModelOptions, read_options
from commands.orchestrate import LANES, whole_model
from domain.breaker import BreakerSettings
from domain.errors import Invalid
from domain.redaction.tokens import FORMS
from ops.egress import EgressSettings, listed

PREFIX = "REPRISE_"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
EMBEDDERS = ("hashing", "minilm")
KINDS = {int: "a whole number", bool: "true or false", str: "text"}
SCHEMES = {
    "REPRISE_POSTGRES_URL": ("postgresql", "postgres"),
    "REPRISE_NATS_URL": ("nats", "tls"),
    "REPRISE_OTLP__ENDPOINT": ("http", "https"),
    "REPRISE_VAULT__URL": ("http", "https"),
}


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Say whether callers must show a token, and who signs it; keys live in the data folder unless set."""

    required: bool = False
    issuer: str = "reprise"
    audience: str = "reprise"
    keys: str = ""


class Otlp(msgspec.Struct, frozen=True, kw_only=True):
    """Say where traces go, an OpenTelemetry collector that speaks OTLP over HTTP, and under which service's name."""

    endpoint: str = ""
    service: str = "reprise"


class MetricsPort(msgspec.Struct, frozen=True, kw_only=True):
    """Say on which loopback port a process shows its metrics and probes aside, 0 for none."""

    port: int = 0


class GraphQL(msgspec.Struct, frozen=True, kw_only=True):
    """Say whether GraphQL tells callers what can be asked; ``api/schemas/schema.graphql`` says it in any case."""

    introspection: bool = True


class Vault(msgspec.Struct, frozen=True, kw_only=True):
    """Say where a HashiCorp Vault is, and by reference where its token is."""

    url: str = ""
    token: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Hold every setting; no URL means the embedded server."""

    data: str = "./.reprise"
    postgres_url: str = ""
    nats_url: str = ""
    model: str = ""
    models: str = ""
    model_key: str = ""
    model_options: str = ""
    master_key: str = ""
    redaction: str = ",".join(FORMS)
    filters: str = ""
    secrets: str = "env:REPRISE_SECRET_*,file:{data}/secrets/*,vault:secret/reprise/*"
    host: str = "127.0.0.1"
    port: int = 8080
    hosts: str = ""
    lanes: str = "interactive,standard,batch"
    max_sessions: int = 256
    max_streams: int = 1_000
    embeddings: bool = False
    embedder: str = "hashing"
    log_level: str = "WARNING"
    environment: str = "dev"
    breaker: BreakerSettings = BreakerSettings()
    tokens: Tokens = Tokens()
    otlp: Otlp = Otlp()
    graphql: GraphQL = GraphQL()
    metrics: MetricsPort = MetricsPort()
    vault: Vault = Vault()
    egress: EgressSettings = EgressSettings()

    @property
    def folder(self) -> Path:
        """Return the data folder, absolute and without links: one folder has one name."""
        return Path(self.data).expanduser().resolve()

    @property
    def lane_names(self) -> list[str]:
        """Return the lanes that this process serves."""
        return listed(self.lanes)

    @property
    def host_names(self) -> tuple[str, ...]:
        """Return the names that the API goes by beside those of loopback: where it listens, and what it is called."""
        return (*(() if self.host in LOOPBACK else (self.host,)), *listed(self.hosts))

    @property
    def hidden_kinds(self) -> list[str]:
        """Return the kinds of personal values that are recognised by their form; what schemas mark is hidden too."""
        return [] if self.redaction == "off" else listed(self.redaction)

    @property
    def filter_names(self) -> list[str]:
        """Return the content filters, ``suspects`` or the URLs of others'."""
        return listed(self.filters)

    @property
    def open_secrets(self) -> list[str]:
        """Return the patterns of the references that bindings of APIs may name."""
        return [pattern.replace("{data}", str(self.folder)) for pattern in listed(self.secrets)]

    @property
    def model_names(self) -> list[str]:
        """Return the models that a caller may name, the one of goals that name none first."""
        return list(dict.fromkeys(whole_model(name) for name in (self.model, *listed(self.models)) if name))

    @property
    def options_of_models(self) -> tuple[ModelOptions, ...]:
        """Return how single models are asked; raises Invalid."""
        try:
            return read_options(self.model_options)
        except Invalid as fault:
            raise Invalid(f"REPRISE_MODEL_OPTIONS cannot be used. {fault}") from fault


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Show one setting with its value and where it came from."""

    name: str
    value: str
    source: str


NOT_SETTINGS = ("REPRISE_CHROMIUM", "REPRISE_EVAL_DATA")
"""Variables of ours that only tests read."""
SECRETS = "REPRISE_SECRET_"
"""What the names of variables begin with that hold secrets, and are no settings."""
REFERENCES = ("REPRISE_MODEL_KEY", "REPRISE_MASTER_KEY", "REPRISE_VAULT__TOKEN")


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raise Invalid naming the variable, what was expected and what came."""
    settings: Settings = _build(Settings, PREFIX, _known(os.environ if environment is None else environment))
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    """Refuse values of the right kind that cannot work; a URL may hold a password, so none is repeated."""
    if settings.log_level not in LEVELS:
        raise Invalid(f"Expected REPRISE_LOG_LEVEL to be one of {', '.join(LEVELS)}, but it is {settings.log_level!r}.")
    if odd := [lane for lane in settings.lane_names if lane not in LANES]:
        raise Invalid(f"Expected REPRISE_LANES to be some of {', '.join(LANES)}, but it names {odd[0]!r}.")
    for name, port in {"REPRISE_PORT": settings.port, "REPRISE_METRICS__PORT": settings.metrics.port}.items():
        if not 0 <= port <= 65535:
            raise Invalid(f"Expected {name} to be from 0 to 65535, but it is {port}.")
    references = [leaf for leaf in _leaves(settings, PREFIX) if leaf[0] in REFERENCES]
    references += [("every key in REPRISE_MODEL_OPTIONS", each.key or "") for each in settings.options_of_models]
    for name, reference in references:
        if reference and not reference.startswith(("env:", "file:", "vault:")):
            raise Invalid(
                f"Expected {name} to say where the secret is, env:NAME, file:/PATH or vault:PATH#KEY, "
                "and not the secret."
            )
    if odd := [kind for kind in settings.hidden_kinds if kind not in FORMS]:
        raise Invalid(f"Expected REPRISE_REDACTION to be off, or some of {', '.join(FORMS)}, but it names {odd[0]!r}.")
    if odd := [name for name in settings.filter_names if name != "suspects" and not _is_url(name, ("http", "https"))]:
        raise Invalid(f"Expected REPRISE_FILTERS to name suspects, or the URLs of filters, but it names {odd[0]!r}.")
    if settings.embedder not in EMBEDDERS and not settings.embedder.startswith("openai:"):
        raise Invalid(
            f"Expected REPRISE_EMBEDDER to be {', '.join(EMBEDDERS)} or openai:NAME@BASE_URL, "
            f"but it is {settings.embedder!r}."
        )
    settings.egress.check()
    for name, url in _leaves(settings, PREFIX):
        if url and name in SCHEMES and not _is_url(url, SCHEMES[name]):
            raise Invalid(f"Expected {name} to be a URL like {SCHEMES[name][0]}://HOST:PORT, but it is none.")


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and (parts.port or 0) >= 0
    except ValueError:
        return False


def shown(settings: Settings, environment: Mapping[str, str] | None = None) -> list[Setting]:
    """List every setting with its source."""
    given = _known(os.environ if environment is None else environment)
    return [
        Setting(name=name, value=_hidden(name, value), source="environment" if name in given else "default")
        for name, value in _leaves(settings, PREFIX)
    ]


def _known(environment: Mapping[str, str]) -> dict[str, str]:
    given = {name: text for name, text in environment.items() if _is_setting(name)}
    names = {name for name, _ in _leaves(Settings(), PREFIX)}
    unknown = sorted(given.keys() - names)
    if unknown:
        close = get_close_matches(unknown[0].removeprefix(PREFIX), [name.removeprefix(PREFIX) for name in names], n=1)
        hint = f"did you mean {PREFIX}{close[0]}?" if close else f"there are {', '.join(sorted(names))}."
        raise Invalid(f"There is no setting {unknown[0]}: {hint}")
    return given


def _is_setting(name: str) -> bool:
    return name.startswith(PREFIX) and not name.startswith(SECRETS) and name not in NOT_SETTINGS


def _build(kind: type[Any], prefix: str, given: Mapping[str, str]) -> Any:
    values: dict[str, Any] = {}
    for field, type_ in get_type_hints(kind).items():
        name = prefix + field.upper()
        if issubclass(type_, msgspec.Struct):
            values[field] = _build(type_, f"{name}__", given)
        elif name in given:
            values[field] = _convert(name, given[name], type_)
    return kind(**values)


def _convert(name: str, text: str, type_: type[Any]) -> Any:
    try:
        return msgspec.convert(text.strip(), type_, strict=False)
    except msgspec.ValidationError as fault:
        raise Invalid(f"Expected {name} to be {KINDS[type_]}, but it is {text!r}.") from fault


def _leaves(value: msgspec.Struct, prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for field in value.__struct_fields__:
        inner, name = getattr(value, field), prefix + field.upper()
        found += _leaves(inner, f"{name}__") if isinstance(inner, msgspec.Struct) else [(name, inner)]
    return found


def _hidden(name: str, value: object) -> str:
    """Show a URL without the password or token in it, before the host or among its parameters."""
    text = str(value)
    if name not in SCHEMES:
        return text
    scheme, mark, rest = text.partition("://")
    host = f"…@{rest.rpartition('@')[2]}" if "@" in rest else rest
    return scheme + mark + re.sub(r"(password|token)=[^&]*", r"\1=…", host)
