"""Let open sessions go on with the revision of an API that is in force now, where all that they wait for still fits.

Each session moves by a fact of its own, so a move that is killed halfway is taken up by asking again: those that moved
are left alone. A session stays as it is, and is named with the reason, while a call of it is owed, or where one that it
chose would fail.
"""

from uuid import UUID

import msgspec
from msgspec.structs import replace

from commands.catalogue import Catalogue, Documents
from commands.drift.comparing import Comparison
from commands.drift.examine import Progress
from commands.drift.ports import Past
from commands.drift.revisions import Revisions
from commands.drift.waiting import PAGE, Open, affected, opened
from commands.handle import handle
from commands.shell import Shell
from domain.catalog.state import Document
from domain.envelope import Context
from domain.errors import Conflict, Refused
from domain.ids import derive
from domain.session.commands import MigrateCatalog

MOST_KEPT = 500


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Name a session that stays with its revision, and why."""

    session: UUID
    reason: str


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Count the sessions that moved, and name those that stay; ``more`` counts those beyond.

    ``position`` is that of the last move, 0 where none was made now.
    """

    moved: int = 0
    position: int = 0
    kept: tuple[Kept, ...] = ()
    more: int = 0


async def move_sessions(
    shell: Shell,
    catalogue: Catalogue,
    documents: Documents,
    past: Past,
    context: Context,
    *,
    api: str,
    reason: str = "",
    progress: Progress = lambda done, total: None,
) -> Moved:
    """Move every open session that can be moved to the revision in force; raises Unavailable."""
    catalog = await catalogue.current(context.tenant)
    current = catalog.documents[api]
    revisions = Revisions(shell, documents, context.tenant, catalog, api)
    move = _Move(shell, context, current, await revisions.comparison(current.document), revisions, reason)
    after: UUID | None = None
    while page := await past.open_sessions(context.tenant, after=after, limit=PAGE):
        for session in page:
            await move.session(session)
        after = page[-1]
        progress(move.seen, move.seen)
    return Moved(moved=move.moved, position=move.position, kept=tuple(move.kept), more=move.more)


class _Move:
    """Move sessions one by one, and count."""

    def __init__(
        self,
        shell: Shell,
        context: Context,
        current: Document,
        comparison: Comparison,
        revisions: Revisions,
        reason: str,
    ) -> None:
        self._shell, self._context, self._current = shell, context, current
        self._comparison, self._revisions, self._reason = comparison, revisions, reason
        self.seen = self.moved = self.more = self.position = 0
        self.kept: list[Kept] = []

    async def session(self, session: UUID) -> None:
        """Move a session, or note why it stays."""
        self.seen += 1
        found = await opened(self._shell, session, self._context.tenant, self._current.api)
        if found is None:
            return
        if found.document.document == self._current.document:
            self.moved += await self._moved_before(session)
            return
        try:
            await self._move(found)
        except (Refused, Conflict) as fault:
            self._keep(session, str(fault))

    async def _move(self, found: Open) -> None:
        calls = await affected(found, self._comparison, self._revisions)
        failing = next((call for call in calls if call.fails), None)
        if failing:
            self._keep(found.session, f"{failing.call} would fail: {failing.reasons[0].message}")
            return
        command = MigrateCatalog(
            api=self._current.api,
            document=self._current.document,
            catalog=await self._shell.snapshots.moved(self._context.tenant, found.state.catalog, self._current),
            before=found.state.catalog,
            by=self._context.actor.id,
            reason=self._reason,
        )
        handled = await handle(self._shell, found.session, command, self._acting(found.session))
        self.moved, self.position = self.moved + 1, max(self.position, handled.loaded.position)

    def _keep(self, session: UUID, reason: str) -> None:
        if len(self.kept) < MOST_KEPT:
            self.kept.append(Kept(session=session, reason=reason))
        else:
            self.more += 1

    def _acting(self, session: UUID) -> Context:
        command = derive(self._context.command_id, str(session), "move")
        return replace(self._context, command_id=command, correlation=str(session))

    async def _moved_before(self, session: UUID) -> bool:
        """Tell whether this very request moved a session, so that its repeat counts the same."""
        command = self._acting(session).command_id
        return await self._shell.store.find_command(self._context.tenant, command) is not None
