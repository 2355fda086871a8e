"""Read a policy set's text: the schema that it is held against, and what each of its rules is called."""

import json
from functools import cache
from importlib.resources import files

import cedarpy
import msgspec

from adapters.policy.bounds import check_bounds
from domain.catalog.policies import MOST_BYTES, Arguments, Kind, PolicySet, declared
from domain.errors import Invalid

MOST_RULES = 1_000
_TYPES: dict[Kind, str] = {
    "text": "String",
    "texts": "Set<String>",
    "integer": "Long",
    "decimal": "decimal",
    "boolean": "Bool",
}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Describe one rule: what it is called, why it is there, and whether a human may allow what it forbids."""

    name: str
    permits: bool
    asks: bool
    reason: str


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a set ready to be asked; ``rules`` go by the engine's own names for them.

    ``arguments`` are those that its rules may read. ``granted`` is the set without the rules that ask: what a human
    grants must be allowed by it.
    """

    policies: cedarpy.PolicySet
    granted: cedarpy.PolicySet
    schema: cedarpy.Schema
    arguments: Arguments
    rules: dict[str, Rule]


def read(policy_set: PolicySet) -> Parsed:
    """Parse and validate a set; raise Invalid with everything that is wrong with it."""
    if len(policy_set.text.encode()) > MOST_BYTES:
        raise Invalid(f"Expected a policy set of at most {MOST_BYTES} bytes, but {policy_set.name} has more.")
    check_bounds(policy_set.name, policy_set.text)
    schema = cedarpy.Schema.from_str(_schema(policy_set))
    try:
        policies = cedarpy.PolicySet.from_str(policy_set.text)
        tree = json.loads(cedarpy.policies_to_json_str(policy_set.text))
    except RecursionError as fault:
        raise _too_long(policy_set) from fault
    except ValueError as fault:
        raise Invalid(
            f"Expected rules in the Cedar language, but {policy_set.name} cannot be read: {fault}."
        ) from fault
    checked = cedarpy.validate_policies(policy_set.text, schema)
    if not checked.validation_passed:
        faults = "; ".join(_words(error) for error in checked.errors[:5])
        raise Invalid(f"Expected rules that fit what can be known of a call, but in {policy_set.name}: {faults}.")
    rules = _rules(policy_set.name, tree)
    firm = {key: raw for key, raw in tree["staticPolicies"].items() if not rules[key].asks}
    return Parsed(
        policies=policies,
        granted=_granted(policy_set, json.dumps({**tree, "staticPolicies": firm})),
        schema=schema,
        arguments=declared(policy_set),
        rules=rules,
    )


def _granted(policy_set: PolicySet, text: str) -> cedarpy.PolicySet:
    try:
        return cedarpy.PolicySet.from_json_str(text)
    except ValueError as fault:
        raise _too_long(policy_set) from fault


def _too_long(policy_set: PolicySet) -> Invalid:
    return Invalid(
        f"Expected conditions of some fifty parts at most, but one in {policy_set.name} chains or nests more: split it "
        "into several rules, or name the values in a list."
    )


def _words(error: object) -> str:
    return " ".join(str(getattr(error, "error", error)).split())[:400]


def _rules(name: str, tree: dict[str, dict[str, dict[str, dict[str, str]]]]) -> dict[str, Rule]:
    if tree.get("templates"):
        raise Invalid(f"Expected rules without slots, but {name} has a template: write its values out.")
    found = {key: _rule(name, raw) for key, raw in tree["staticPolicies"].items()}
    names = [rule.name for rule in found.values()]
    if not found or len(found) > MOST_RULES:
        raise Invalid(f"Expected 1 to {MOST_RULES} rules, but {name} has {len(found)}.")
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise Invalid(f"Expected every rule to have an @id of its own, but {name} says {twice[0]!r} more than once.")
    return found


def _rule(set_name: str, raw: dict[str, dict[str, str]]) -> Rule:
    notes = raw.get("annotations") or {}
    name, permits = notes.get("id") or "", str(raw["effect"]) == "permit"
    if not name:
        raise Invalid(f"Expected every rule to have a name, @id(…), but one of {set_name} has none.")
    if permits and "ask" in notes:
        raise Invalid(f"Expected @ask on a rule that forbids, but {name!r} in {set_name} permits.")
    return Rule(name=name, permits=permits, asks="ask" in notes, reason=notes.get("reason") or "")


def _schema(policy_set: PolicySet) -> str:
    places = [
        f"    {place}: {{ {', '.join(f'{json.dumps(name)}?: {_TYPES[kind]}' for name, kind in names.items())} }},"
        for place, names in declared(policy_set).items()
    ]
    return "\n".join([_of_calls(), "type Arguments = {", *places, "};"])


@cache
def _of_calls() -> str:
    return files("adapters.policy").joinpath("schema.cedarschema").read_text("utf-8")


def shipped(name: str) -> PolicySet:
    """Return a set that comes with the product."""
    text = files("adapters.policy").joinpath("sets", f"{name}.cedar").read_text("utf-8")
    return PolicySet(name=name, text=text)
