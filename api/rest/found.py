"""Find what a path names, for the tenant that asks."""

from uuid import UUID

from api.services import Services
from commands.shell import Loaded
from domain.errors import NotFound
from domain.session.state import Session


async def find_session(services: Services, tenant: str, text: str) -> tuple[UUID, Loaded, Session]:
    """Return a session of a tenant as the log has it; raise NotFound, for another tenant's too."""
    try:
        session = UUID(text)
    except ValueError as fault:
        raise NotFound(f"Expected a session's id, a UUID, but got {text[:100]!r}.") from fault
    loaded = await services.shell.load(session)
    if loaded.state is None or loaded.state.tenant != tenant:
        services.shell.forget(session)
        raise NotFound(f"Expected a session that exists, but there is none with the id {session}.")
    return session, loaded, loaded.state
