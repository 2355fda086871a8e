"""Find what recorded calls answered: in the read model, or where that holds only the beginning, in the log's blobs."""

from uuid import UUID

from commands.caches import Cache
from commands.drift.ports import PastCall
from commands.ports import EventStore
from domain.encoding import parse
from domain.errors import NotFound, Refused
from domain.session.events import CallSucceeded
from domain.upcasting import Unknown, read_session

SESSIONS = 4


class Answers:
    """Give the JSON that calls answered; sessions are read once, for their calls come one behind the other."""

    def __init__(self, store: EventStore, tenant: str) -> None:
        self._store, self._tenant = store, tenant
        self._blobs: Cache[UUID, dict[str, str]] = Cache(SESSIONS)

    async def of(self, call: PastCall) -> bytes | None:
        """Return a call's answer, None where it has none, or none that is JSON; raises Unavailable."""
        if call.output is None:
            return None
        held = bytes(call.output)
        if not held.startswith(b'"'):
            return held
        blob = (await self._blobs_of(call.session_id)).get(call.id.removeprefix(f"{call.session_id}-"))
        return await self._json(blob) if blob else None

    async def _blobs_of(self, session: UUID) -> dict[str, str]:
        """Return the digests of a session's large answers by call."""
        found = self._blobs.find(session)
        if found is not None:
            return found
        events = [read_session(row.topic, row.state) for row in await self._store.read_stream(session)]
        answers = [each.data for each in events if not isinstance(each, Unknown)]
        large = {
            each.call: each.output.blob for each in answers if isinstance(each, CallSucceeded) and each.output.blob
        }
        return self._blobs.keep(session, large)

    async def _json(self, blob: str) -> bytes | None:
        try:
            data = await self._store.get_blob(self._tenant, blob)
            parse(data)
        except (NotFound, Refused):
            return None
        return data
