"""Read what a person names on the command line: a file, or a folder as the zip that it would be uploaded as."""

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from domain.errors import Invalid, TooLarge

MOST_BYTES = 64 * 1024 * 1024
SUFFIXES = (".json", ".yaml", ".yml")
_NOT_ENTERED = frozenset({"node_modules", "__pycache__"})


def read_source(source: str) -> bytes:
    """Return a file's bytes, or a zip of a folder's JSON and YAML files; raises Invalid and TooLarge."""
    path = Path(source)
    try:
        return _packed(path) if path.is_dir() else _read(path)
    except OSError as fault:
        raise Invalid(f"Expected an OpenAPI document in {source}, but it cannot be read: {fault.strerror}.") from fault


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise TooLarge(f"Expected a document of at most {MOST_BYTES} bytes, but {path} has more.")
    return data


def _packed(folder: Path) -> bytes:
    packed, size = io.BytesIO(), 0
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in _files(folder):
            data = _read(path)
            size += len(data)
            if size > MOST_BYTES:
                raise TooLarge(f"Expected at most {MOST_BYTES} bytes of documents in {folder}, but there are more.")
            archive.writestr(path.relative_to(folder).as_posix(), data)
    return packed.getvalue()


def _files(folder: Path) -> Iterator[Path]:
    """Yield a folder's documents in order; nothing hidden, and no link, which could lead out of it."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each not in _NOT_ENTERED and not each.startswith("."))
        for name in sorted(names):
            path = Path(where, name)
            if name.lower().endswith(SUFFIXES) and not name.startswith(".") and not path.is_symlink():
                yield path
