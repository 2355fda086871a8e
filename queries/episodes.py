"""Search what happened in one session: its recorded facts and what followed from them, in words."""

from collections.abc import Sequence
from uuid import UUID

from domain.errors import Invalid
from queries.ports import ReadStore
from queries.shapes import shaped
from queries.timeline import Entry

MOST_ASKED = 1_000


async def find_episodes(store: ReadStore, tenant: str, session: str, text: str, most: int) -> Sequence[Entry]:
    """Return the entries of a session's timeline that share words with a text, the best first; raise Invalid."""
    try:
        asked = UUID(session)
    except ValueError as fault:
        raise Invalid(f"Expected a session's id, a UUID, but got {session[:100]!r}.") from fault
    if not text.strip() or len(text) > MOST_ASKED:
        raise Invalid(f"Expected 1 to {MOST_ASKED} characters to look for, but got {len(text)}.")
    rows = await store.fetch("episodes", tenant=tenant, session=asked, text=text, most=most)
    return [shaped(Entry, row) for row in rows]
