"""Read the named statements of the read models."""

import re
from importlib.resources import files


def named(text: str) -> dict[str, bytes]:
    """Return statement by name: a line ``-- name`` begins one; other comments are left out."""
    parts = re.split(r"^-- (\w+)$", text, flags=re.MULTILINE)
    return {name: _bare(body) for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def _bare(body: str) -> bytes:
    return "\n".join(line for line in body.strip().splitlines() if not line.startswith("--")).encode()


SQL = named(files(__package__).joinpath("writing.sql").read_text("utf-8"))
"""Statement by name."""
