"""Match a document's regular expressions in time linear to the text, whatever an expression says.

The engine is that of jsonschema-rs, which reads ECMA 262 and knows neither look-around nor back references. What it
does not know says nothing about a text; the API itself will judge.
"""

from functools import lru_cache

import jsonschema_rs

LINEAR = jsonschema_rs.RegexOptions(size_limit=1 << 20, dfa_size_limit=1 << 20)
MOST_CHARACTERS = 1_000


def usable(pattern: object) -> bool:
    """Tell whether an expression can be matched in linear time."""
    return isinstance(pattern, str) and len(pattern) <= MOST_CHARACTERS and _matcher(pattern) is not None


def matches(pattern: str, text: str) -> bool:
    """Tell whether a usable expression is found in a text."""
    matcher = _matcher(pattern)
    return matcher is not None and matcher.is_valid(text)


@lru_cache(maxsize=1_024)
def _matcher(pattern: str) -> jsonschema_rs.Draft202012Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=LINEAR)
    except (ValueError, UnicodeEncodeError):
        return None
