"""Read a policy set's text: the schema that it is held against, and what each of its rules is called."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast, get_args

import cedarpy
import msgspec

from adapters.policy.bounds import check_bounds
from adapters.policy.narrowing import guards_of
from adapters.policy.reading import Reads, reads_of
from domain.catalog.policies import MOST_BYTES, Arguments, Guard, Kind, PolicySet, declared, modes
from domain.errors import Invalid
from domain.session.proof import Demand

MOST_RULES = 1_000
_TYPES: dict[Kind, str] = {
    "text": "String",
    "texts": "Set<String>",
    "integer": "Long",
    "decimal": "decimal",
    "boolean": "Bool",
}
_NUMBERED = re.compile(r"policy `(policy\d+)`")
_FIELD = re.compile(r"\b(?!principal|resource|context)(\w+): ")


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Describe one rule: what it is called, why it is there, and whether a human may allow what it forbids.

    ``demands`` are what it asks of that human. A rule with a ``guard`` may be observed only, as its set's modes say.
    """

    name: str
    permits: bool
    asks: bool
    reason: str
    demands: tuple[Demand, ...] = ()
    guard: Guard | None = None


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a set ready to be asked; ``rules`` go by the engine's own names for them.

    ``arguments`` are those that its rules may read, ``reads`` is what they do read of the context. In ``schema`` the
    rest may be missing. ``permits`` are the rules that permit alone: what a human grants must be permitted by one.
    ``guards`` say which of the rules, that ``raw`` holds as the engine writes them, cannot apply to an operation; rules
    that are too long for that have none. What is only ``observed`` is in none of these: it decides nothing.
    """

    policies: cedarpy.PolicySet
    permits: cedarpy.PolicySet
    guards: cedarpy.PolicySet | None
    raw: dict[str, Any]
    schema: cedarpy.Schema
    arguments: Arguments
    reads: Reads
    rules: dict[str, Rule]
    observed: cedarpy.PolicySet | None = None


def read(policy_set: PolicySet) -> Parsed:
    """Parse and validate a set; raise Invalid with everything that is wrong with it."""
    if len(policy_set.text.encode()) > MOST_BYTES:
        raise Invalid(f"Expected a policy set of at most {MOST_BYTES} bytes, but {policy_set.name} has more.")
    check_bounds(policy_set.name, policy_set.text)
    arguments = declared(policy_set)
    try:
        cedarpy.PolicySet.from_str(policy_set.text)
        tree = json.loads(cedarpy.policies_to_json_str(policy_set.text))
    except RecursionError as fault:
        raise _too_long(policy_set) from fault
    except ValueError as fault:
        raise Invalid(
            f"Expected rules in the Cedar language, but {policy_set.name} cannot be read: {fault}."
        ) from fault
    checked = cedarpy.validate_policies(policy_set.text, schema_of(arguments))
    if not checked.validation_passed:
        names = {
            key: str((raw.get("annotations") or {}).get("id") or "") for key, raw in tree["staticPolicies"].items()
        }
        faults = "; ".join(naming_rules(_words(error), names) for error in checked.errors[:5])
        raise Invalid(f"Expected rules that fit what can be known of a call, but in {policy_set.name}: {faults}.")
    rules = _rules(policy_set.name, tree)
    watched = _observed(policy_set, rules)
    raw = {key: rule for key, rule in tree["staticPolicies"].items() if key not in watched}
    try:
        policies = policies_of(raw)
        permits = policies_of({key: rule for key, rule in raw.items() if rules[key].permits})
        observed = policies_of({key: tree["staticPolicies"][key] for key in watched}) if watched else None
    except ValueError as fault:
        raise _too_long(policy_set) from fault
    return Parsed(
        policies=policies,
        permits=permits,
        guards=_guards(raw),
        raw=raw,
        schema=cedarpy.Schema.from_str(schema_of(arguments, loose=True)),
        arguments=arguments,
        reads=reads_of(tree),
        rules=rules,
        observed=observed,
    )


def _observed(policy_set: PolicySet, rules: Mapping[str, Rule]) -> frozenset[str]:
    """Return the rules that decide nothing, by the engine's own names; raise Invalid for a mode that no rule has."""
    said = modes(policy_set)
    for guard, mode in said.items():
        if mode == "observe" and not any(rule.guard == guard for rule in rules.values()):
            raise Invalid(
                f'Expected a rule with @guard("{guard}"), which {policy_set.name} says to observe, but it has none: '
                "mark the rules that this is about, or leave the mode out."
            )
    return frozenset(key for key, rule in rules.items() if rule.guard and said[rule.guard] == "observe")


def policies_of(raw: Mapping[str, Any]) -> cedarpy.PolicySet:
    """Return rules, by the engine's own names for them, ready to be asked; raise ValueError where they are too deep."""
    return cedarpy.PolicySet.from_json_str(json.dumps({"templates": {}, "staticPolicies": raw, "templateLinks": []}))


def _guards(raw: Mapping[str, Any]) -> cedarpy.PolicySet | None:
    try:
        return policies_of(guards_of(raw))
    except ValueError:
        return None


def _too_long(policy_set: PolicySet) -> Invalid:
    return Invalid(
        f"Expected conditions of some fifty parts at most, but one in {policy_set.name} chains or nests more: split it "
        "into several rules, or name the values in a list."
    )


def naming_rules(said: str, names: Mapping[str, str]) -> str:
    """Return what the engine says with the names of rules, by its own names for them, which tell nobody anything."""
    return _NUMBERED.sub(lambda found: f"rule `{names.get(found[1]) or found[1]}`", said)


def _words(error: object) -> str:
    return " ".join(str(getattr(error, "error", error)).split())[:400]


def _rules(name: str, tree: dict[str, Any]) -> dict[str, Rule]:
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
    return Rule(
        name=name,
        permits=permits,
        asks="ask" in notes,
        reason=notes.get("reason") or "",
        demands=_demands(set_name, name, notes.get("ask") or ""),
        guard=_guard(set_name, name, permits, notes["guard"] or "") if "guard" in notes else None,
    )


def _guard(set_name: str, rule: str, permits: bool, word: str) -> Guard:
    """Return what a rule guards; raise Invalid for another word, and for a rule that permits, which guards nothing."""
    if permits or word not in get_args(Guard):
        raise Invalid(
            f"Expected @guard with one of {', '.join(get_args(Guard))} on a rule that forbids, but {rule!r} in "
            f"{set_name} {'permits' if permits else f'says {word[:100]!r}'}."
        )
    return cast(Guard, word)


def _demands(set_name: str, rule: str, words: str) -> tuple[Demand, ...]:
    """Return what a rule asks of the human who allows a call, as its @ask says; raise Invalid for what is no demand."""
    asked = {word.strip() for word in words.split(",")} - {""}
    unknown = asked.difference(get_args(Demand))
    if unknown:
        raise Invalid(
            f"Expected @ask with nothing, or out of {', '.join(get_args(Demand))}, but {rule!r} in {set_name} says "
            f"{min(unknown)[:100]!r}."
        )
    return tuple(demand for demand in get_args(Demand) if demand in asked)


def schema_of(arguments: Arguments, *, loose: bool = False) -> str:
    """Return the schema that a set is held against, or a ``loose`` one, by which all of a context may be missing."""
    values = {place: {name: _TYPES[kind] for name, kind in names.items()} for place, names in arguments.items()}
    labels = {place: dict.fromkeys(names, "Labelled") for place, names in arguments.items()}
    places = [_record("Arguments", values, loose), _record("Labels", labels, loose)]
    return "\n".join([_of_calls(loose), *places])


def _record(name: str, places: dict[str, dict[str, str]], loose: bool) -> str:
    lines = [
        f"    {place}{'?' if loose else ''}: "
        f"{{ {', '.join(f'{json.dumps(each)}?: {kind}' for each, kind in names.items())} }},"
        for place, names in places.items()
    ]
    return "\n".join([f"type {name} = {{", *lines, "};"])


@cache
def _of_calls(loose: bool) -> str:
    text = files("adapters.policy").joinpath("schema.cedarschema").read_text("utf-8")
    before, context = text.split("// What the context holds.\n")
    return before + (_FIELD.sub(r"\1?: ", context) if loose else context)


def shipped(name: str) -> PolicySet:
    """Return a set that comes with the product."""
    text = files("adapters.policy").joinpath("sets", f"{name}.cedar").read_text("utf-8")
    return PolicySet(name=name, text=text)
