"""Explain to people what the policy said, what an approval is bound to, and which values were hidden."""

from collections.abc import Iterator, Sequence

from domain.labels import ArgumentLabel, Label, Provenance
from domain.redaction.recorded import HiddenPlace
from domain.session.events import VerdictReached
from domain.session.proof import Difference

MOST_LINES = 20
SHORT = 12
"""How many characters of a digest are shown."""
_PLAN = {
    "inside": "The plan names this call.",
    "outside": "The plan does not name this call.",
    "open": "The plan names no tool for it.",
}


def of_verdict(verdict: VerdictReached) -> Sequence[str]:
    """Return why a call was judged so: reason, rules, demands, then where the call and its arguments came from."""
    said = [verdict.reason, f"Rules: {', '.join(verdict.rules) or 'none'} (set {verdict.policy_set[:SHORT]})."]
    if verdict.demands:
        said.append(f"Whoever allows it: {', '.join(verdict.demands)}.")
    if verdict.observed:
        said.append(f"Only observed: {', '.join(verdict.observed)}.")
    if verdict.withdrawn:
        said.append(f"The approval given beforehand counts no longer: {verdict.withdrawn}.")
    return [*said, *(_of_provenance(verdict.provenance) if verdict.provenance else ())]


def title_of(verdict: VerdictReached) -> str:
    """Say in short what was judged, and when: at first, before an attempt, or because somebody ordered it again."""
    if verdict.refused:
        return f"{verdict.refused} ordered it sent again, and the policy says {verdict.decision}"
    return f"The policy says {verdict.decision}{' once more, before it is sent' if verdict.judged_at else ''}"


def _of_provenance(provenance: Provenance) -> Iterator[str]:
    yield _PLAN[provenance.plan]
    for each in provenance.arguments[:MOST_LINES]:
        yield _of_argument(each)
    if len(provenance.arguments) > MOST_LINES:
        yield f"And {len(provenance.arguments) - MOST_LINES} arguments more."


def _of_argument(argument: ArgumentLabel) -> str:
    name = argument.argument.strip("/").replace("/", ".")
    where = f", decides where it goes and is {'bound' if argument.bound else 'not bound'}" if argument.sink else ""
    return f"{name}: from {_of_label(argument.label)}{where}."


def _of_label(label: Label) -> str:
    sources = ", ".join(label.sources) or "nobody knows where"
    return f"{sources} ({'trusted' if label.trusted else 'untrusted'}, {'private' if label.private else 'public'})"


def of_differences(differences: Sequence[Difference]) -> Sequence[str]:
    """Return what is not as it was when people were asked before, a line each."""
    return [f"{each.field}: {_shown(each.before)} → {_shown(each.now)}" for each in differences[:MOST_LINES]]


def _shown(value: str) -> str:
    """Cut what is a digest; what is not there is said to be nothing."""
    is_digest = len(value) >= 2 * SHORT and all(each in "0123456789abcdef" for each in value)
    return value[:SHORT] if is_digest else value or "nothing"


def of_hidden(places: Sequence[HiddenPlace]) -> Sequence[str]:
    """Return which values were hidden in an event and where, never the values."""
    found = [f"{each.count} {each.kind} at {each.at or '/'}" for each in places[:MOST_LINES]]
    return [f"Hidden: {'; '.join(found)}."] if found else []
