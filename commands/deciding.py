"""Decide what sessions ask of humans, and show exactly what an open question is about."""

from uuid import UUID

from commands.dry_run import Outgoing, outgoing
from commands.handle import Handled, handle
from commands.ports import Prepared, ToolCall
from commands.rejudging import refuse_denied
from commands.shell import Shell
from domain.encoding import Json
from domain.envelope import Context
from domain.errors import Invalid, NotPossible
from domain.session.approving import choice_asked_about
from domain.session.commands import GrantApproval, ReportOutcome, SessionCommand
from domain.session.state import Choice, Session


async def decide(shell: Shell, session: UUID, command: SessionCommand, context: Context) -> Handled:
    """Carry out a human's answer; raise Invalid for changed arguments that make no request: then nothing is recorded.

    Whatever they make is judged by the rules as any other call. Raise Forbidden for an order to send a call again that
    the rules in force deny by now.
    """
    if isinstance(command, GrantApproval) and command.arguments is not None:
        await _check(shell, session, command.approval, command.arguments)
    if isinstance(command, ReportOutcome) and (state := (await shell.load(session)).state):
        await refuse_denied(shell, session, state, command, context)
    return await handle(shell, session, command, context)


async def _check(shell: Shell, session: UUID, approval: str, arguments: Json) -> None:
    state = (await shell.load(session)).state
    choice = choice_asked_about(state, approval) if state else None
    prepared = await _prepare(shell, state, choice, arguments) if state and choice else None
    if prepared and prepared.checked.problems:
        raise Invalid(
            f"Expected arguments that make a request, but {'; '.join(prepared.checked.problems)}: "
            "nothing was decided, and the question is still open."
        )


async def would_send(shell: Shell, state: Session, approval: str) -> Outgoing | None:
    """Return what is sent if an open question is allowed now; None where no call waits for it, or none can be made."""
    choice = choice_asked_about(state, approval)
    try:
        prepared = await _prepare(shell, state, choice, choice.arguments.value) if choice else None
    except NotPossible:  # a value that was hidden is lost: nothing can be sent
        return None
    return outgoing(prepared) if prepared and not prepared.checked.problems else None


async def _prepare(shell: Shell, state: Session, choice: Choice, arguments: Json) -> Prepared | None:
    catalog = await shell.snapshot(state.tenant, state.catalog)
    tool = catalog.tool(choice.tool)
    document = catalog.document(tool.api) if tool else None
    if tool is None or document is None:
        return None
    given = await shell.redactor.put_back(state, arguments)
    return await shell.tools.prepare(
        ToolCall(
            tenant=state.tenant, tool=tool, document=document, arguments=given.arguments, digest_key=given.digest_key
        )
    )
