"""Examine a revision of an API: what of all that was called, and of all that waits, would change with it.

Each recorded call is checked, with its arguments as they were written, by the very check that a real call goes through,
and its answer, where it is JSON, by the check of real answers. Nothing is sent and nothing is
recorded. Calls come in pages, alike ones are checked once, and what is found is counted within bounds, so that any
number of calls takes the same memory.
"""

from collections.abc import Callable
from typing import TypeAlias

from commands.caches import Cache
from commands.catalogue import Catalogue, Documents
from commands.catalogue.revisions import named
from commands.drift.answers import Answers
from commands.drift.arguments import asks_for_pages
from commands.drift.comparing import Comparison
from commands.drift.gathering import Gathering
from commands.drift.ports import Past, PastCall
from commands.drift.report import Drift, Finding, Reason, Waiting
from commands.drift.revisions import Revisions
from commands.drift.waiting import affected, asked_about, open_sessions
from commands.shell import Shell
from domain.encoding import digest_bytes

PAGE = 500
REMEMBERED = 20_000
MOST_WAITING = 500

Progress: TypeAlias = Callable[[int, int], None]


class Examined(Cache[tuple[str, str, str], tuple[Reason, ...]]):
    """Remember what was said of calls by revision, operation and arguments, or of answers by these."""


async def examine(
    shell: Shell,
    catalogue: Catalogue,
    documents: Documents,
    past: Past,
    tenant: str,
    api: str,
    document: str,
    *,
    examples: int = 20,
    progress: Progress = lambda done, total: None,
) -> Drift:
    """Report on a revision; raises NotFound, Invalid, Unavailable."""
    catalog = await catalogue.current(tenant)
    revision, current = named(catalog, api, document), catalog.documents[api]
    revisions = Revisions(shell, documents, tenant, catalog, api)
    comparison = await revisions.comparison(revision.document)
    gathering = Gathering(examples)
    answers = Answers(shell.store, tenant)
    await _past(past, tenant, comparison, revisions, gathering, answers, progress)
    sessions, asked, waiting, more = await _waiting(shell, past, tenant, comparison, revisions)
    server = _server(current.base_url, revision.base_url, gathering.calls) if gathering.calls or sessions else ()
    return Drift(
        api=api,
        document=revision.document,
        current=current.document,
        status=revision.status,
        calls=gathering.calls,
        failing=gathering.failing,
        changed=gathering.changed,
        answers=gathering.answers,
        mismatched=gathering.mismatched,
        open_sessions=sessions,
        asked_again=asked,
        findings=(*server, *gathering.findings()),
        waiting=tuple(waiting),
        more=gathering.more + more,
    )


async def _past(
    past: Past,
    tenant: str,
    comparison: Comparison,
    revisions: Revisions,
    gathering: Gathering,
    answers: Answers,
    progress: Progress,
) -> None:
    """Check every recorded call of the API's other revisions."""
    others = [digest for digest in revisions.known if digest != comparison.new.document]
    total, done, after = await past.count(tenant, others), 0, ""
    seen, heard = Examined(REMEMBERED), Examined(REMEMBERED)
    while page := await past.calls(tenant, others, after=after, limit=PAGE):
        own = [call for call in page if call.tool in revisions.tools]  # another API may have the same document
        for call in own:
            gathering.add(call, await _reasons(call, comparison, revisions, seen))
            answer = await answers.of(call) if comparison.new.operation(call.operation) else None
            if answer is not None:
                gathering.add_answer(call, await _answer_reasons(call, answer, comparison, revisions, heard))
        done, after = done + len(page), page[-1].id
        progress(done, max(total, done))


async def _reasons(call: PastCall, comparison: Comparison, revisions: Revisions, seen: Examined) -> tuple[Reason, ...]:
    key = (call.document, call.operation, digest_bytes(bytes(call.arguments)))
    found = seen.find(key)
    if found is None:
        before = await revisions.side(call.document)
        found = seen.keep(key, await comparison.reasons(before, call.tool, call.operation, call.arguments))
    return found


async def _answer_reasons(
    call: PastCall, answer: bytes, comparison: Comparison, revisions: Revisions, heard: Examined
) -> tuple[Reason, ...]:
    assert call.http_status is not None, "it succeeded"
    paged = asks_for_pages(call.arguments)
    key = (call.document, f"{call.http_status} {call.operation} {paged}", digest_bytes(answer))
    found = heard.find(key)
    if found is None:
        before, status = await revisions.side(call.document), call.http_status
        found = heard.keep(key, await comparison.answer_reasons(before, call.operation, status, answer, paged=paged))
    return found


async def _waiting(
    shell: Shell, past: Past, tenant: str, comparison: Comparison, revisions: Revisions
) -> tuple[int, int, list[Waiting], int]:
    """Count the open sessions on another revision and what they ask; name their calls that are affected, and count
    those that are too many to name."""
    sessions, asked, waiting, more = 0, 0, list[Waiting](), 0
    new = comparison.new
    async for found in open_sessions(shell, past, tenant, new.api, new.document):
        sessions += 1
        asked += asked_about(found)
        calls = await affected(found, comparison, revisions)
        room = max(0, MOST_WAITING - len(waiting))
        waiting, more = waiting + calls[:room], more + len(calls[room:])
    return sessions, asked, waiting, more


def _server(before: str, now: str, calls: int) -> tuple[Finding, ...]:
    if before == now:
        return ()
    message = f"everything would be sent to {now}, not {before}"
    return (Finding(cause="server-changed", fails=False, operation="", pointer="", message=message, calls=calls),)
