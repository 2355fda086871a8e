"""Keep files that calls may carry, and save those that they answered: `tools upload`, `tools download`."""

from pathlib import Path

import click

from commands.files import keep_file, kept_file
from domain.errors import Invalid
from ops.cli.output import count, result
from ops.cli.reach import core
from ops.cli.verb import verb


@verb()
@click.argument("file", metavar="FILE")
async def upload(file: str) -> None:
    """Keep a file, and print the digest by which the arguments of a call name it."""
    try:
        data = Path(file).read_bytes()
    except OSError as fault:
        raise Invalid(f"Expected a file at {file}, but it cannot be read: {fault.strerror}.") from fault
    async with core() as opened:
        digest = await keep_file(opened.shell, "local", data)
    result({"digest": digest, "bytes": len(data)}, lambda: f'{file} is kept: {{"blob": "{digest}"}}')


@verb()
@click.argument("digest", metavar="DIGEST")
@click.option("-o", "--output", "file", metavar="FILE", required=True, help="Where to write it; it must not exist yet.")
async def download(digest: str, file: str) -> None:
    """Write what a call answered, or what was uploaded, to FILE."""
    async with core() as opened:
        data = await kept_file(opened.shell, "local", digest)
    _write(Path(file), data)
    result({"file": file, "digest": digest, "bytes": len(data)}, lambda: f"{file}: {count(len(data), 'byte')}")


def _write(file: Path, data: bytes) -> None:
    try:
        with file.open("xb") as to:
            to.write(data)
    except OSError as fault:
        raise Invalid(f"Expected to write {file}, but it cannot be written: {fault.strerror}.") from fault
