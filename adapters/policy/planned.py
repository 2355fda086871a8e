"""Tell of a planned call whether rules deny it in any case: by what of it will not change until it is made.

Only rules that read nothing else count. A permission that reads more is taken as given, so that no step is refused
that might have been allowed.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import cedarpy

from adapters.policy.language import Parsed, Rule, policies_of, read
from adapters.policy.request import entities, request
from commands.ports import Case
from domain.catalog.policies import PolicySet
from domain.errors import Refused

KNOWN = frozenset({"listed", "scopes", "user", "roles", "lane", "environment"})
"""What rules may read of the context that holds for a whole session."""


def denied_always(policy_set: PolicySet, case: Case) -> str:
    """Return the reasons of a denial that is certain, each with its rule; empty where there is none."""
    try:
        parsed, lasting = _lasting(policy_set)
        asked = request(case, parsed.arguments)
        about = cedarpy.Entities.from_json_str(entities(case), parsed.schema)
        result = cedarpy.is_authorized(asked, lasting, about, parsed.schema)
    except (Refused, ValueError):
        return ""  # the judge itself denies what it cannot judge, when the call is made
    if result.decision is cedarpy.Decision.Allow or result.diagnostics.errors:
        return ""
    return "; ".join(_words(parsed.rules[key]) for key in result.diagnostics.reasons) or "no rule allows it"


def _words(rule: Rule) -> str:
    return f"{rule.reason.rstrip('.') or 'a rule says so'} ({rule.name})"


@lru_cache(maxsize=32)
def _lasting(policy_set: PolicySet) -> tuple[Parsed, cedarpy.PolicySet]:
    """Return a set's firm rules that read only what lasts, and its permissions, without conditions that read more."""
    parsed = read(policy_set)
    kept = {}
    for key, raw in parsed.raw.items():
        lasts = all(each in KNOWN for each in _read_of_context(raw.get("conditions", [])))
        if parsed.rules[key].permits:
            kept[key] = raw if lasts else {**raw, "conditions": []}
        elif lasts and not parsed.rules[key].asks:
            kept[key] = raw
    return parsed, policies_of(kept)


def _read_of_context(tree: Any) -> Iterator[str]:
    """Return the names of what conditions read of the context, "" where they read it as a whole."""
    match tree:
        case {".": {"left": {"Var": "context"}, "attr": str(name)}} | {
            "has": {"left": {"Var": "context"}, "attr": str(name)}
        }:
            yield name
        case {"Var": "context"}:
            yield ""
        case dict():
            for each in tree.values():
                yield from _read_of_context(each)
        case list():
            for each in tree:
                yield from _read_of_context(each)
        case _:
            return
