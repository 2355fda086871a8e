"""Hold what cases expect against the API itself: what no session could do there is said before any begins."""

from collections.abc import AsyncIterator, Iterator

from commands.catalogue import Catalogue
from commands.ports import ToolCall
from commands.shell import Shell
from domain.catalog.state import Document
from domain.encoding import Json, encode
from domain.errors import Invalid
from ops.evaluation.tasks.dataset import Case, Dataset, ExpectedCall

MOST_SAID = 10


async def check_calls(shell: Shell, dataset: Dataset, tenant: str, api: str) -> None:
    """Raise Invalid with the expected calls that cannot be made, by the parts that would make them; none is sent."""
    document = (await Catalogue(shell).current(tenant)).documents[api]
    found = [f"case {case.id!r}: {each}" for case in dataset.cases for each in _unknown(document, case)]
    found += [
        f"case {case.id!r}: {each}"
        for case in dataset.cases
        for call in case.calls
        async for each in _problems(shell, document, tenant, case, call)
    ]
    if found:
        more = f"; and {len(found) - MOST_SAID} more" if len(found) > MOST_SAID else ""
        raise Invalid(
            f"Expected calls that {dataset.name}'s API can be sent, but {'; '.join(found[:MOST_SAID])}{more}."
        )


def _unknown(document: Document, case: Case) -> Iterator[str]:
    for name in {*case.tools, *(call.tool for call in case.calls)} - {"*", f"{document.api}/*"}:
        if document.tool(name) is None:
            yield f"there is no tool {name[:100]!r}, but {', '.join(each.name for each in document.tools[:20])}"


async def _problems(
    shell: Shell, document: Document, tenant: str, case: Case, call: ExpectedCall
) -> AsyncIterator[str]:
    tool = document.tool(call.tool)
    if tool is None:
        return
    if case.tools and not {"*", f"{document.api}/*", tool.name} & set(case.tools):
        yield f"{tool.name} is expected, but it is none of the tools that agents may use"
    asked = ToolCall(tenant=tenant, tool=tool, document=document, arguments=Json(encode(call.arguments)))
    for problem in (await shell.tools.check(asked)).problems:
        yield f"{tool.name} cannot be called so, at {problem}"
