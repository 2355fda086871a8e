"""Show the revisions of an API, what a new one would change, and activate or quarantine it."""

from typing import Annotated, Any, TypeAlias
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, QueryParameter

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.positions import outside
from api.reads import Reading
from api.services import Given, Services
from api.writes import Writing
from commands.catalogue.revisions import Changed
from commands.catalogue.revisions import Waiting as Waits
from commands.drift.activating import Activated, activate
from commands.drift.examine import examine
from commands.drift.moving import Moved
from commands.drift.report import Finding, Waiting
from domain.catalog.revisions import Revision
from domain.envelope import Context
from domain.errors import NotFound, Unavailable
from queries.freshness import wait_for

Examples: TypeAlias = Annotated[
    int, QueryParameter(name="examples", ge=0, le=500, description="Name at most so many calls of each finding.")
]


class RevisionActivationInput(Input, frozen=True, kw_only=True):
    """Say what becomes of open sessions: they keep what they pinned, or move where all that they wait for fits."""

    waiting: Waits = "pin"
    reason: str = ""


class QuarantineInput(Input, frozen=True, kw_only=True):
    """Say why; it is kept in the log."""

    reason: str


class RevisionShown(Output, frozen=True, kw_only=True):
    """Show a revision of an API; ``status`` is active, staged, earlier or quarantined, by whom and for which reason.

    ``origins`` are places beside that of ``baseUrl`` where operations may be that have servers of their own.
    """

    api: str
    document: str
    status: str
    base_url: str
    origins: tuple[str, ...]
    tools: int
    skipped: int
    reason: str
    by: str


class RevisionList(Output, frozen=True, kw_only=True):
    """List an API's revisions, in the order in which their documents came first."""

    revisions: tuple[RevisionShown, ...]


class KeptShown(Output, frozen=True, kw_only=True):
    """Name a session that stays with its revision, and why."""

    session: UUID
    reason: str


class RevisionChanged(Output, frozen=True, kw_only=True):
    """Say how a revision stands now; ``moved`` counts the sessions that go on with it, ``kept`` names those that stay.

    ``more`` counts those that stay beyond.
    """

    revision: RevisionShown
    version: int
    position: str
    moved: int = 0
    kept: tuple[KeptShown, ...] = ()
    more: int = 0


class ExampleShown(Output, frozen=True, kw_only=True):
    """Name a recorded call, and where it was told of last."""

    call: str
    session: UUID
    version: int
    position: str
    status: str


class FindingShown(Output, frozen=True, kw_only=True):
    """Say one thing about one operation, of how many recorded calls it holds, and name some of them."""

    cause: str
    fails: bool
    operation: str
    pointer: str
    message: str
    calls: int
    examples: tuple[ExampleShown, ...]


class ReasonShown(Output, frozen=True, kw_only=True):
    """Say one thing about a call, at a JSON pointer into its arguments, or into its answer."""

    cause: str
    pointer: str
    message: str


class WaitingShown(Output, frozen=True, kw_only=True):
    """Name a call of an open session that the revision changes: it is chosen, asked about or owed."""

    session: UUID
    version: int
    step: int
    call: str
    tool: str
    operation: str
    stage: str
    fails: bool
    reasons: tuple[ReasonShown, ...]


class DriftShown(Output, frozen=True, kw_only=True):
    """Report what a revision would change if it took the place of the one in force.

    ``failing`` of the recorded ``calls`` could not be made any more, ``changed`` would be made otherwise.
    ``answers`` were held against it too: ``mismatched`` of them are not what it says, but were what theirs says.
    ``openSessions`` use another revision, ``waiting`` names those of their calls that are affected, and ``askedAgain``
    counts the approvals that a migration would ask for again. ``more`` counts what is not named.
    """

    api: str
    document: str
    current: str
    status: str
    calls: int
    failing: int
    changed: int
    answers: int
    mismatched: int
    open_sessions: int
    asked_again: int
    findings: tuple[FindingShown, ...]
    waiting: tuple[WaitingShown, ...]
    more: int


@get("/apis/{api:str}/revisions", tags=["tools"])
async def list_all(services: Given, read: Reading, api: FromPath[str]) -> Response[RevisionList]:
    """List the revisions of an API; the ETag is the version of its stream."""
    known = (await services.catalogue.current(read.tenant)).revisions.get(api)
    if known is None:
        raise NotFound(f"Expected an API that exists, but there is none with the name {api[:100]!r}.")
    version = await services.catalogue.version(read.tenant, "document", api)
    return answer(RevisionList(revisions=tuple(view(RevisionShown, each) for each in known.values())), etag=version)


@get("/apis/{api:str}/revisions/{digest:str}/drift", tags=["tools"])
async def show_drift(
    services: Given, read: Reading, api: FromPath[str], digest: FromPath[str], examples: Examples = 20
) -> Response[DriftShown]:
    """Check all recorded calls and everything that waits against a revision; nothing is sent or recorded."""
    await read.wait()
    parts = services.shell, services.catalogue, services.documents, services.past
    found = await examine(*parts, read.tenant, api, digest, examples=examples)
    findings = tuple(_finding(read.log_id, each) for each in found.findings)
    return answer(view(DriftShown, found, findings=findings, waiting=tuple(map(_waiting, found.waiting))))


def _finding(log_id: str, found: Finding) -> FindingShown:
    examples = tuple(view(ExampleShown, each, position=outside(log_id, each.position)) for each in found.examples)
    return view(FindingShown, found, examples=examples)


def _waiting(found: Waiting) -> WaitingShown:
    return view(WaitingShown, found, reasons=tuple(view(ReasonShown, each) for each in found.reasons))


@post(
    "/apis/{api:str}/revisions/{digest:str}/activate",
    status_code=200,
    opt={"body": RevisionActivationInput},
    tags=["tools"],
)
async def activate_one(
    request: Request[Any, Any, Any], services: Given, write: Writing, api: FromPath[str], digest: FromPath[str]
) -> Response[RevisionChanged]:
    """Let a revision take the place of the one in force; If-Match names the version of the API's stream."""
    body = await body_of(request, RevisionActivationInput)
    context = await write.context("administer")
    done = await activated(
        services, context, api, digest, waiting=body.waiting, reason=body.reason, expected=write.version
    )
    return await _changed(services, done.changed, done.position, done.moves)


async def activated(
    services: Services, context: Context, api: str, digest: str, *, waiting: Waits, reason: str, expected: int | None
) -> Activated:
    """Activate a revision, once the read models know every session that would move; raise as `activate` does."""
    if waiting == "migrate":
        await _see_everything(services)
    parts = services.shell, services.catalogue, services.documents, services.past
    return await activate(*parts, context, api=api, document=digest, waiting=waiting, reason=reason, expected=expected)


async def _see_everything(services: Services) -> None:
    """Wait for the read models to know every session that is there; raise Unavailable where that takes too long."""
    head = await services.shell.store.head()
    if not await wait_for(services.reads, head, patience=services.read_patience):
        raise Unavailable(f"Expected the read models to reach position {head}, but they have not: try again.")


@post(
    "/apis/{api:str}/revisions/{digest:str}/quarantine", status_code=200, opt={"body": QuarantineInput}, tags=["tools"]
)
async def quarantine(
    request: Request[Any, Any, Any], services: Given, write: Writing, api: FromPath[str], digest: FromPath[str]
) -> Response[RevisionChanged]:
    """Refuse a revision: it can be neither activated nor registered until that is lifted."""
    body = await body_of(request, QuarantineInput)
    context = await write.context("administer")
    done = await services.catalogue.quarantine_revision(
        context, api=api, document=digest, reason=body.reason, expected=write.version
    )
    return await _changed(services, done, done.position)


@post("/apis/{api:str}/revisions/{digest:str}/lift", status_code=200, opt={"body": QuarantineInput}, tags=["tools"])
async def lift(
    request: Request[Any, Any, Any], services: Given, write: Writing, api: FromPath[str], digest: FromPath[str]
) -> Response[RevisionChanged]:
    """Let a revision that was refused be activated again."""
    body = await body_of(request, QuarantineInput)
    context = await write.context("administer")
    done = await services.catalogue.lift_quarantine(
        context, api=api, document=digest, reason=body.reason, expected=write.version
    )
    return await _changed(services, done, done.position)


async def _changed(
    services: Services, done: Changed, position: int, moves: Moved | None = None
) -> Response[RevisionChanged]:
    shell, moved = services.shell, moves or Moved()
    changed = RevisionChanged(
        revision=_shown(done.revision),
        version=done.version,
        position=outside(await shell.store.log_id(), position or await shell.store.head()),
        moved=moved.moved,
        kept=tuple(view(KeptShown, each) for each in moved.kept),
        more=moved.more,
    )
    return answer(changed, etag=done.version)


def _shown(revision: Revision) -> RevisionShown:
    return view(RevisionShown, revision)
