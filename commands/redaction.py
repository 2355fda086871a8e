"""Let no personal value cross into the log: all that comes from outside passes here before it is appended.

A value that may have to be sent is kept, sealed under the key of its session, in the fact that hid it. It comes back
only in the arguments of a call, when that is checked, judged and sent.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from commands.ports import Seal, SessionKeys
from domain.encoding import Json
from domain.errors import NotPossible
from domain.redaction.facts import hide_fact, size_of, texts_of
from domain.redaction.flowing import Flow
from domain.redaction.hiding import MOST_NEW, Hider, blanked
from domain.redaction.recorded import HiddenValue
from domain.redaction.restoring import restored, tokens_of
from domain.redaction.spans import Recogniser
from domain.redaction.texts import Marks
from domain.redaction.tokens import unforged
from domain.session.events import (
    CallFailed,
    CallSucceeded,
    Fact,
    GoalSubmitted,
    MemoriesRecalled,
    ModelFailed,
    ToolDescribed,
)
from domain.session.state import Session

STRANGERS = (GoalSubmitted, CallSucceeded, CallFailed, ModelFailed, ToolDescribed, MemoriesRecalled)
"""Facts whose texts are by somebody who was shown no token of the session: one that they write is forged."""
AT_ONCE = 32 * 1024
"""How many characters are looked through at once; more would hold up everybody else, and take a thread."""
KNOWN_SESSIONS = 500

SomeFact = TypeVar("SomeFact", bound=Fact)


class Restored(NamedTuple):
    """Hold arguments with their values in place; the digest of what they make is taken under a key if any were."""

    arguments: Json
    digest_key: bytes = b""


@dataclass
class _Known:
    hider: Hider
    hidden: tuple[HiddenValue, ...] = ()


class Redactor:
    """Hide values in facts, and put them back into arguments; without recognisers it hides nothing."""

    def __init__(self, recognisers: Mapping[str, Recogniser] | None = None, keys: SessionKeys | None = None) -> None:
        self._recognisers = recognisers
        self._keys = keys or Unkept()
        self._known: OrderedDict[str, _Known] = OrderedDict()

    @property
    def hides(self) -> bool:
        """Tell whether anything is hidden at all."""
        return self._recognisers is not None

    async def hide(self, state: Session | None, fact: SomeFact, marks: Mapping[str, Marks] | None = None) -> SomeFact:
        """Return a fact without personal values; raises Unavailable where they cannot be sealed now."""
        if self._recognisers is None or not texts_of(type(fact)):
            return fact
        tenant, session = _whose(state, fact)
        known = await self._knowing(tenant, session, state.hidden if state else ())
        before, known.hider.room = len(known.hider.names), MOST_NEW
        hidden = await _hidden(known.hider, fact, marks, trusted=not isinstance(fact, STRANGERS))
        names = list(known.hider.names)[before:]
        if not names:
            return hidden
        seal = await self._keys.seal(tenant, session, make=True)
        values = tuple(_sealed(known.hider, name, seal) for name in names)
        known.hidden = (*known.hidden, *values)
        return replace(hidden, hidden=values)

    async def _knowing(self, tenant: str, session: str, hidden: tuple[HiddenValue, ...]) -> _Known:
        """Return what is known of a session, begun anew where an append did not come about."""
        known = self._known.get(session)
        if known is None or known.hidden != hidden[: len(known.hidden)]:
            known = _Known(Hider(self._recognisers or {}))
        new = hidden[len(known.hidden) :]
        if new:
            seal = await self._keys.seal(tenant, session)
            for value in new:
                _learn(known.hider, value, seal)
        known.hidden = hidden
        self._known[session] = known
        self._known.move_to_end(session)
        if len(self._known) > KNOWN_SESSIONS:
            self._known.popitem(last=False)
        return known

    async def flow(self, state: Session) -> Flow | None:
        """Return what hides values in a reply that is still being written, None where none are hidden.

        Raises Unavailable where what the session hides cannot be known now.
        """
        if self._recognisers is None:
            return None
        return Flow((await self._knowing(state.tenant, state.id, state.hidden)).hider)

    async def put_back(self, state: Session, arguments: Json) -> Restored:
        """Return arguments as they are to be sent; raises a child of Refused where a value is lost, Unavailable."""
        text = bytes(arguments).decode()
        if not state.hidden or not tokens_of(text):
            return Restored(arguments)
        kept = {value.token: value.sealed for value in state.hidden}
        seal = await self._keys.seal(state.tenant, state.id)

        def value_of(name: str) -> str:
            if name not in kept:
                raise NotPossible(f"Expected a token of this session, but {name} was never given in it.")
            if not kept[name]:
                raise NotPossible(f"Expected the value of {name}, but it was not kept.")
            if seal is None:
                raise NotPossible(f"Expected the value of {name}, but the key of this session is not here.")
            return seal.open(name, kept[name])

        return Restored(msgspec.Raw(restored(text, value_of).encode()), seal.digest_key if seal else b"")

    async def keyed(self, digest: str) -> str:
        """Return a digest of what somebody wrote, taken again under our own key, so that nobody can guess the text."""
        return await self._keys.keyed(digest) if self._recognisers is not None else digest

    def blanked(self, text: str) -> str:
        """Return a text with nothing but the kind in place of each value, for words that nobody has to send."""
        return text if self._recognisers is None else blanked(self._recognisers, unforged(text, ()))


class Unkept:
    """Implement the SessionKeys port where there is no master key: values are hidden, and lost."""

    async def seal(self, tenant: str, session: str, *, make: bool = False) -> Seal | None:
        """Return nothing."""
        return None

    async def keyed(self, digest: str) -> str:
        """Return a digest as it is."""
        return digest


def _whose(state: Session | None, fact: Fact) -> tuple[str, str]:
    """Return the tenant and the session that a fact belongs to."""
    if state is not None:
        return state.tenant, state.id
    assert isinstance(fact, GoalSubmitted), "a session begins with its goal"
    return fact.tenant, fact.session


async def _hidden(hider: Hider, fact: SomeFact, marks: Mapping[str, Marks] | None, *, trusted: bool) -> SomeFact:
    if size_of(fact) <= AT_ONCE:
        return hide_fact(hider, fact, marks=marks, trusted=trusted)
    return await asyncio.to_thread(hide_fact, hider, fact, marks=marks, trusted=trusted)


def _sealed(hider: Hider, name: str, seal: Seal | None) -> HiddenValue:
    """Keep the value of a token as JSON, sealed; nothing of one that was never given."""
    if seal is None or name not in hider.values:
        return HiddenValue(token=name)
    value = hider.values[name]
    return HiddenValue(token=name, sealed=seal.close(name, value if name in hider.bare else json.dumps(value)))


def _learn(hider: Hider, value: HiddenValue, seal: Seal | None) -> None:
    if seal is None or not value.sealed:
        hider.learn(value.token, None)
        return
    held = seal.open(value.token, value.sealed)
    bare = not held.startswith('"')
    hider.learn(value.token, held if bare else str(json.loads(held)), bare=bare)
