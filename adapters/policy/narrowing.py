"""Leave rules out that cannot apply to an agent and an operation, whatever else is true of a call.

A rule is a chain of conditions, evaluated from the left up to the first that is false; what stands behind that is not
looked at and cannot fail. So where those at its beginning that read no context are false, the rule says nothing to any
call of this agent and this operation. Whether they are, the engine says itself, of all rules at once.
"""

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

import cedarpy

from adapters.policy.reading import reads_of


def guards_of(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return for each rule one that permits, under the same key, by its conditions that come before any context."""
    return {
        key: {**rule, "effect": "permit", "annotations": {}, "conditions": list(_leading(rule["conditions"]))}
        for key, rule in rules.items()
    }


def narrowed(rules: Mapping[str, Any], guarded: cedarpy.AuthzResult) -> dict[str, Any] | None:
    """Return the rules that may apply by what their guards said; None if few can be left out, or a guard failed."""
    if guarded.diagnostics.errors:
        return None
    left = {key: rules[key] for key in guarded.diagnostics.reasons}
    return left if len(left) <= len(rules) // 2 else None


def _leading(conditions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for condition in conditions:
        if reads_of(condition["body"]) == {}:
            yield condition
            continue
        if condition["kind"] == "when":
            parts = takewhile(lambda part: reads_of(part) == {}, _chain(condition["body"]))
            yield from ({"kind": "when", "body": part} for part in parts)
        return


def _chain(expression: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the links of a chain of ``&&``, in their order."""
    links = []
    while "&&" in expression:
        links.append(expression["&&"]["right"])
        expression = expression["&&"]["left"]
    return [expression, *reversed(links)]
