"""Keep what a standing approval allows without personal values: as digests under a key of ours, compared as such."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from commands.shell import Shell
from domain.encoding import canonical, foreign, parse
from domain.pointers import ABSENT, at, put, tokens
from domain.standing_approvals import Bound

_HIDDEN = re.compile(r"#[0-9a-f]{32}$")
"""Ends what stands for a personal value; before it stand its kinds."""


async def hidden_bounds(shell: Shell, bounds: Sequence[Bound]) -> tuple[Bound, ...]:
    """Return bounds as they may be recorded."""
    return tuple([replace(bound, values=await _hidden_values(shell, bound)) for bound in bounds])


async def as_bounded(shell: Shell, bounds: Sequence[Bound], arguments: Any) -> Any:
    """Return arguments with what stands for a personal value in its place, wherever a bound holds such."""
    given = arguments
    for bound in bounds:
        path = tokens(bound.at)
        value = at(given, path)
        if value is not ABSENT and any(_is_hidden(parse(bytes(each))) for each in bound.values):
            arguments = put(arguments, path, await _hidden(shell, value))
    return arguments


async def _hidden_values(shell: Shell, bound: Bound) -> tuple[Any, ...]:
    return tuple([foreign(await _hidden(shell, parse(bytes(each)))) for each in bound.values])


async def _hidden(shell: Shell, value: Any) -> Any:
    """Return a value as it is, or if it holds personal values what stands for it."""
    written = canonical(value)
    said = value if isinstance(value, str) else written.decode()
    bare = shell.redactor.blanked(said)
    if bare == said and not _is_hidden(value):  # what only looks like a hidden value is let pass for none
        return value
    return f"{bare}#{(await shell.redactor.keyed(sha256(written).hexdigest()))[:32]}"


def _is_hidden(value: Any) -> bool:
    return isinstance(value, str) and _HIDDEN.search(value) is not None
