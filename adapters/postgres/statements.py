"""Read the named statements of ``statements.sql``."""

import re
from importlib.resources import files


def _named(text: str) -> dict[str, str]:
    parts = re.split(r"^-- (\w+)$", text, flags=re.MULTILINE)
    return {name: _bare(body) for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def _bare(body: str) -> str:
    return "\n".join(line for line in body.strip().splitlines() if not line.startswith("--"))


SQL = _named(files(__package__).joinpath("statements.sql").read_text("utf-8"))
"""Statement by name."""
