"""Read secrets from this machine: environment variables and files."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from domain.errors import Invalid

MOST_BYTES = 64 * 1024


def from_environment(name: str, environment: Mapping[str, str]) -> str:
    """Return the value of a variable; raises Invalid."""
    if name not in environment:
        raise Invalid(f"Expected a secret in {name}, but no such variable is set.")
    return whole(environment[name], name)


def from_file(path: Path) -> str:
    """Return what a file holds that only its owner, and perhaps a group, can read; raises Invalid."""
    try:
        with path.open("rb") as file:
            _check_mode(path, os.fstat(file.fileno()))
            data = file.read(MOST_BYTES + 1)
    except OSError as fault:
        raise Invalid(f"Expected a secret in the file {path}, but it cannot be read: {fault.strerror}.") from None
    if len(data) > MOST_BYTES:
        raise Invalid(f"Expected a secret of at most {MOST_BYTES} bytes in the file {path}, but it has more.")
    try:
        return whole(data.decode(), f"the file {path}")
    except UnicodeDecodeError:
        raise Invalid(f"Expected a secret in the file {path}, but it is no text.") from None


def _check_mode(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Invalid(f"Expected a secret in the file {path}, but it is no file.")
    if found.st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise Invalid(
            f"Expected the file {path} to be its owner's alone, but its mode is {stat.S_IMODE(found.st_mode):04o}: "
            f"`chmod 600 {path}`."
        )


def whole(text: str, place: str) -> str:
    """Return a secret without the newline that editors leave behind it; raises Invalid for an empty one."""
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise Invalid(f"Expected a secret in {place}, but it is empty.")
    return text
