"""Register and look at what sessions may use: `tools`."""

from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import msgspec

from commands.catalogue import PlainTool, Registered, Settings, document_of, fetch_document
from commands.catalogue.revisions import Changed
from domain.errors import Invalid
from ops.bootstrap.core import Core
from ops.cli import revisions
from ops.cli.binding import bind, bindings, to_bind, unbind
from ops.cli.checking import check
from ops.cli.describe import describe
from ops.cli.dry_run import rehearse
from ops.cli.output import count, hint, result
from ops.cli.reach import context, core
from ops.cli.searching import search
from ops.cli.tool import changed, listed
from ops.cli.uploading import download, upload
from ops.cli.verb import verb
from ops.sources import read_source


@click.group()
def tools() -> None:
    """Register APIs, and look at the tools that they give."""


for each_verb in (
    describe,
    check,
    rehearse,
    listed,
    changed,
    search,
    upload,
    download,
    bind,
    unbind,
    bindings,
    *revisions.VERBS,
):
    tools.add_command(each_verb)


@verb(tools)
@click.argument("source", metavar="[FILE|URL]", default="")
@click.option("--name", help="What to call the API; the file's name if not said.")
@click.option("--base-url", default="", help="Where the API is, if the document does not say so.")
@click.option("--scopes", default="", help="Scopes of its credentials, separated by commas.")
@click.option("--rate-limit", type=click.IntRange(0), default=0, help="Calls a minute of all its tools, 0 for any.")
@click.option("--allow-private", is_flag=True, help="Allow calls to private and loopback addresses.")
@click.option("--allow-origin", multiple=True, metavar="ORIGIN", help="Where operations of another server may be.")
@click.option("--stage", is_flag=True, help="Put it beside the revision in force, for `tools drift` and `activate`.")
@click.option("--schema", metavar="FILE", help="Without a document: the JSON Schema of what is posted to --url.")
@click.option("--output-schema", metavar="FILE", help="The JSON Schema of what --url answers.")
@click.option("--url", default="", help="Where a tool without a document is.")
@click.option("--description", default="", help="What a tool without a document does.")
async def add(source: str, name: str | None, base_url: str, scopes: str, rate_limit: int, **given: Any) -> None:
    """Register an OpenAPI document, each usable operation of which becomes a tool, or a tool by its schema alone.

    FILE may be a folder, or a zip of one, whose files refer to each other.
    """
    _check_usage(source, name, base_url, given)
    async with core() as opened:
        register = opened.catalogue.stage_document if given["stage"] else opened.catalogue.register_document
        try:
            done = await register(
                opened.documents,
                await _document(opened, source, name, given),
                context(opened),
                api=name or _name_of(source),
                settings=Settings(
                    base_url=base_url,
                    scopes=[scope for scope in scopes.split(",") if scope],
                    rate_limit=rate_limit,
                    allow_private=given["allow_private"],
                    origins=given["allow_origin"],
                ),
            )
        except Invalid as fault:
            raise Invalid(f"{source or given['schema']} is not registered: {fault}") from fault
        replaces = isinstance(done, Registered) and await revisions.has_earlier(opened, done)
        missing = await _missing(opened, done.name) if isinstance(done, Registered) else []
    result(done, lambda: _registered(done, replaces=replaces))
    for each in missing:
        hint(each)


async def _missing(opened: Core, api: str) -> list[str]:
    """Say what calls of an API that is registered would fail for: a credential, or leave to call a private address."""
    document = (await opened.catalogue.current("local")).documents[api]
    host = urlsplit(document.base_url).hostname or ""
    unreached = (
        f"  {host} is a private address, where no call goes before the document is registered with --allow-private"
    )
    private = _is_private(host) and not document.allow_private
    return [
        *([unreached] if private else []),
        *(to_bind(api, each) for each in await opened.bindings.lacking("local", api)),
    ]


def _is_private(host: str) -> bool:
    """Tell whether a host is no public one by its name alone: nothing is looked up."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost"


def _check_usage(source: str, name: str | None, base_url: str, given: dict[str, Any]) -> None:
    plain = [given[each] for each in ("schema", "output_schema", "url", "description")]
    if bool(source) == any(plain) or (any(plain) and not (given["schema"] and given["url"] and name)):
        raise click.UsageError("Expected a document, FILE or URL, or else --schema FILE, --url URL and --name NAME.")
    if any(plain) and base_url:
        raise click.UsageError("Expected --url to say where the tool is, and no --base-url.")


async def _document(opened: Core, source: str, name: str | None, given: dict[str, Any]) -> bytes:
    if source.startswith(("http://", "https://")):
        return await fetch_document(opened.dialer, source, allow_private=given["allow_private"])
    if source:
        return read_source(source)
    output = _read(given["output_schema"]) if given["output_schema"] else b""
    schema, described = msgspec.Raw(_read(given["schema"])), given["description"]
    return document_of(
        PlainTool(name=str(name), url=given["url"], schema=schema, output=msgspec.Raw(output), description=described)
    )


def _read(source: str) -> bytes:
    try:
        return Path(source).read_bytes()
    except OSError as fault:
        raise Invalid(f"Expected a document in {source}, but it cannot be read: {fault.strerror}.") from fault


def _name_of(source: str) -> str:
    if not source.startswith(("http://", "https://")):
        source = Path(source).resolve().as_posix()
    stem = source.split("?")[0].rstrip("/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return "".join(char if char.isalnum() else "-" for char in stem.lower()).strip("-")


def _registered(done: Registered | Changed, *, replaces: bool) -> str:
    if isinstance(done, Changed):
        staged = done.revision
        return f"{staged.api}: {staged.document} is staged, see `reprise tools drift {staged.api}`"
    skipped = "".join(f"\n  skipped {reason}" for reason in done.skipped)
    drift = _hint(done.name, done.digest[:12]) if replaces else ""
    return f"{done.name}: {count(done.tools, 'tool')} from document {done.digest[:12]}{skipped}{drift}"


def _hint(api: str, digest: str) -> str:
    drift = f"`reprise tools drift {api} --digest {digest}`"
    return (
        f"\n  it took the place of another revision: {drift} says which recorded calls would fail now, --stage before"
    )
