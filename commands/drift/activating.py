"""Activate a revision, and do with the sessions that are open what was asked: leave them, or move them."""

import msgspec

from commands.catalogue import Catalogue, Documents
from commands.catalogue.appending import check_version
from commands.catalogue.revisions import Changed, Waiting
from commands.drift.examine import Progress
from commands.drift.moving import Moved, move_sessions
from commands.drift.ports import Past
from commands.shell import Shell
from domain.envelope import Context


class Activated(msgspec.Struct, frozen=True, kw_only=True):
    """Say how the revision stands now, and what became of the open sessions; ``position`` is the last that was written.

    Without ``moves`` they keep the revision that they pinned.
    """

    changed: Changed
    position: int
    moves: Moved | None = None


async def activate(
    shell: Shell,
    catalogue: Catalogue,
    documents: Documents,
    past: Past,
    context: Context,
    *,
    api: str,
    document: str,
    waiting: Waiting = "pin",
    reason: str = "",
    expected: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Activated:
    """Activate a revision; with ``migrate`` also one that is in force already, to move what is still open.

    Raises Refused, Conflict, Unavailable. It is safe to ask again: what was done is not done again.
    """
    changed = await _in_force(catalogue, context, api, document, expected) if waiting == "migrate" else None
    if changed is None:
        changed = await catalogue.activate_revision(
            documents, context, api=api, document=document, waiting=waiting, reason=reason, expected=expected
        )
    if waiting == "pin":
        return Activated(changed=changed, position=changed.position)
    moves = await move_sessions(shell, catalogue, documents, past, context, api=api, reason=reason, progress=progress)
    return Activated(changed=changed, position=max(changed.position, moves.position), moves=moves)


async def _in_force(
    catalogue: Catalogue, context: Context, api: str, document: str, expected: int | None
) -> Changed | None:
    """Return a revision that is in force already, unless this very request activated it; raises Stale."""
    revision = await catalogue.revision(context.tenant, api, document)
    if revision.status != "active" or await catalogue.written_before(context):
        return None
    version = await catalogue.version(context.tenant, "document", api)
    check_version(expected, version)
    return Changed(revision=revision, version=version, position=0)
