"""Hold the words that a claim in JSON says of a record against the same field of that record."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.reviewing.evidence import Evidence
from domain.reviewing.findings import Finding
from domain.reviewing.flat import objects_in
from domain.reviewing.records import Leaf, is_naming
from domain.reviewing.terms import Terms, key_terms, terms

LONGEST = 3
"""How many words make a value, such as a status; longer texts say the same in many ways."""


def check_fields(claim: str, evidence: Evidence) -> Iterator[Finding]:
    """Return the fields whose words share nothing with what the evidence has there, or anywhere else."""
    if not evidence.whole:
        return
    for value in objects_in(claim):
        records = _records(value, evidence)
        for name, said in value.items():
            key = key_terms(name)
            if isinstance(said, str) and not is_naming(key):
                leaves = [leaf for leaf in evidence.leaves_of(sorted(records)) if leaf.key == key]
                if leaves and _contradicts(said, leaves) and not _is_known(said, evidence):
                    yield _finding(name, said, leaves[0])


def _records(value: Mapping[str, Any], evidence: Evidence) -> set[int]:
    """Return the records that an object is about: those that all its names are names of."""
    named = [
        terms(str(held)) for key, held in value.items() if isinstance(held, str | int) and is_naming(key_terms(key))
    ]
    known = [evidence.names[called] for called in named if called in evidence.names]
    return set.intersection(*known) if known else set()


def _contradicts(said: str, leaves: list[Leaf]) -> bool:
    words = terms(said)
    return _is_value(words) and all(
        isinstance(leaf.value, str) and _is_value(terms(leaf.value)) and not set(words) & set(terms(leaf.value))
        for leaf in leaves
    )


def _is_value(words: Terms) -> bool:
    """Tell whether words are one value; what has digits is checked wherever it stands."""
    return 0 < len(words) <= LONGEST and not any(map(str.isdigit, "".join(words)))


def _is_known(said: str, evidence: Evidence) -> bool:
    """Tell whether a value stands elsewhere: of another record it is checked as every word is."""
    return terms(said) in evidence.words or evidence.finds(said)


def _finding(name: str, said: str, leaf: Leaf) -> Finding:
    key = " ".join(leaf.key)
    return Finding(
        kind="value", place=name[:80], said=said, expected=leaf.text[:100], evidence=f"{key} in {leaf.source}"
    )
