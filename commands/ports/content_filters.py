"""Name what looks at texts from outside."""

from typing import Annotated, Protocol

import msgspec

from domain.session.events import FilterDecision, FilteredPlace


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """Show a filter what came in: a place, its text after redaction, and for a tool's answer the tool."""

    tenant: str
    session: str
    place: FilteredPlace
    text: str
    tool: str = ""


FilterLabel = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,40}$")]


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a filter thinks: let it pass, label it, or deny it.

    The labels ``untrusted`` and ``private`` of a tool's answer hold for all that is made of it.
    """

    decision: FilterDecision = "pass"
    labels: Annotated[tuple[FilterLabel, ...], msgspec.Meta(max_length=10)] = ()
    reason: str = ""


class ContentFilter(Protocol):
    """Look at goals and at what models, tools and documents of tools say."""

    @property
    def name(self) -> str:
        """Name the filter, as its verdicts do."""
        ...

    async def look(self, looked: Looked) -> Opinion:
        """Say what it thinks; whatever it raises, or no word in time, is a denial."""
        ...
