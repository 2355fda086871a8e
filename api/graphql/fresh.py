"""Show a session with everything that is recorded: wait for the read models where the log is ahead of them."""

from api.graphql.context import Context
from api.rest.found import find_session
from domain.errors import Unavailable
from queries.freshness import wait_for
from queries.sessions import SessionShown


async def find_current(context: Context, id: str) -> SessionShown:
    """Return a session, with its newest event if the read models reach it in time; raise NotFound, Unavailable."""
    services = context.services
    session, loaded, _ = await find_session(services, context.tenant, id)
    found: SessionShown | None = await context.loaders["sessions"].load(session)
    if found is None or found.version < loaded.version:
        await wait_for(services.reads, loaded.position, patience=services.read_patience)
        found = await context.loaders["sessions"].load(session)
    if found is None:
        raise Unavailable(f"Expected the read models to show session {session}, but they have not yet: try again.")
    return found
