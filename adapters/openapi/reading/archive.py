"""Open a zip of documents within limits; nothing is ever written to a disk."""

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping

from adapters.openapi.reading.limits import MAX_BYTES, check_size
from domain.errors import Invalid, TooLarge

MAX_FILES = 20_000
MAX_UNPACKED_BYTES = 2 * MAX_BYTES
SUFFIXES = (".json", ".yaml", ".yml")
_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 0x1


def is_archive(data: bytes) -> bool:
    """Tell whether bytes are a zip."""
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def open_archive(data: bytes) -> Mapping[str, bytes]:
    """Return a zip's JSON and YAML files by their paths; raises Invalid with the path of the fault, and TooLarge."""
    check_size(len(data))
    if data.count(_ENTRY) > MAX_FILES:
        raise TooLarge(f"Expected at most {MAX_FILES} files in a bundle, not {data.count(_ENTRY)}.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _files(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as fault:
        raise Invalid(f"Expected a zip of documents, but {fault}.") from fault


def _files(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = [each for each in archive.infolist() if not each.is_dir()]
    unpacked = sum(each.file_size for each in entries)
    if unpacked > MAX_UNPACKED_BYTES:
        raise TooLarge(f"Expected at most {MAX_UNPACKED_BYTES} bytes in a bundle's files, not {unpacked}.")
    found: dict[str, bytes] = {}
    for entry in entries:
        _check_entry(entry)
        if entry.filename in found:
            raise Invalid(f"Expected every file of a bundle once, but {entry.filename[:200]!r} is in it twice.")
        if entry.filename.lower().endswith(SUFFIXES):
            # No more than the entry says of its size is ever unpacked.
            found[entry.filename] = archive.read(entry)
    return found


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if name.startswith("/") or "\\" in name or ":" in name.split("/")[0] or ".." in name.split("/"):
        raise Invalid(f"Expected the files of a bundle to lie inside it, but there is {name[:200]!r}.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Invalid(f"Expected files in a bundle, but {name[:200]!r} is a link.")
    if entry.flag_bits & _ENCRYPTED:
        raise Invalid(f"Expected files that can be read in a bundle, but {name[:200]!r} is encrypted.")
