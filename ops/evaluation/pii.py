"""Hold what redaction recognises against texts in which people marked what is personal.

A value counts as found only from its first to its last character. What no form tells, as names and addresses, is listed
too: nothing finds it.
"""

import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from domain.errors import Invalid
from domain.redaction.folding import folded
from domain.redaction.hiding import Hider
from domain.redaction.spans import Span, apart
from domain.redaction.texts import hide_text
from ops.bootstrap.redaction import EVERY
from ops.evaluation.suite import Figures, Progress, Suite, Wanted

OWN = Path(__file__).with_name("pii_own.txt")
_MARK = re.compile(r"\{([a-z-]+)\|([^}]*)\}")
_KINDS = {
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "US_SSN": "ssn",
    "IP_ADDRESS": "ip",
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "PERSON": "name",
    "STREET_ADDRESS": "address",
}


class Marked(msgspec.Struct, frozen=True):
    """Hold a text with the values that are marked in it."""

    text: str
    spans: tuple[Span, ...]


class _Label(msgspec.Struct, frozen=True):
    entity_type: str
    start_position: int
    end_position: int


class _Text(msgspec.Struct, frozen=True):
    full_text: str
    spans: tuple[_Label, ...]


def cases(file: Path) -> list[Marked]:
    """Load the marked texts of presidio-research; raise Invalid where the file is not what it should be."""
    try:
        loaded = msgspec.json.decode(file.read_bytes(), type=list[_Text])
    except (OSError, msgspec.MsgspecError) as fault:
        raise Invalid(f"Expected marked texts in {file}, but they cannot be read: {fault}.") from fault
    return [Marked(each.full_text, tuple(map(_span, each.spans))) for each in loaded]


def _span(label: _Label) -> Span:
    kind = _KINDS.get(label.entity_type, label.entity_type.lower().replace("_", "-"))
    return Span(label.start_position, label.end_position, kind)


def own_cases() -> list[Marked]:
    """Load our own texts, a line each, in which a value is marked as ``{kind|value}``."""
    lines = (line.strip() for line in OWN.read_text().splitlines())
    return [_read(line.replace("\\n", "\n")) for line in lines if line and not line.startswith("#")]


def _read(line: str) -> Marked:
    spans, parts, size, end = [], [], 0, 0
    for found in _MARK.finditer(line):
        parts += [line[end : found.start()], found[2]]
        start = size + found.start() - end
        size, end = start + len(found[2]), found.end()
        spans.append(Span(start, size, found[1]))
    return Marked("".join((*parts, line[end:])), tuple(spans))


def found_in(text: str) -> list[Span]:
    """Return what redaction would hide in a text."""
    plain = folded(text)
    return apart([list(find(plain)) for find in EVERY.values()], len(text))


def classes(marked: Sequence[Marked], progress: Progress = lambda *_: None) -> dict[str, dict[str, float | int | None]]:
    """Return recall and precision of each kind, the latter None where nothing was taken for it."""
    hits, wanted, taken = Counter[str](), Counter[str](), Counter[str]()
    for done, each in enumerate(marked, 1):
        found = found_in(each.text)
        hits.update(span.kind for span in set(found) & set(each.spans))
        wanted.update(span.kind for span in each.spans)
        taken.update(span.kind for span in found)
        progress(done, len(marked))
    return {kind: _figures(hits[kind], wanted[kind], taken[kind]) for kind in sorted(wanted | taken)}


def _figures(hits: int, wanted: int, taken: int) -> dict[str, float | int | None]:
    return {
        "recall": round(hits / wanted, 3) if wanted else None,
        "precision": round(hits / taken, 3) if taken else None,
        "marked": wanted,
    }


def milliseconds(texts: Iterable[str], size: int = 1024) -> float:
    """Return the processor time that redacting 1 KiB takes, the best of five rounds over texts joined to that size."""
    joined = "\n".join(texts)
    pieces = [joined[start : start + size] for start in range(0, len(joined) - size, size)][:100]
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for piece in pieces:
            hide_text(Hider(EVERY), piece)
        rounds.append((time.process_time() - began) / len(pieces) * 1000)
    return round(min(rounds), 3)


async def run(wanted: Wanted) -> Figures:
    """Measure every kind, on the data and on texts of our own, and what redaction costs."""
    assert wanted.data is not None, "the suite names a source, so it is run with data"
    marked, own = cases(wanted.data / "texts.json"), own_cases()
    return {
        "cases": len(marked),
        "classes": classes(marked, wanted.progress),
        "own_cases": len(own),
        "own_classes": classes(own),
        "ms_per_kib": milliseconds(each.text for each in marked),
    }


SUITE = Suite(
    name="pii",
    words="Find personal values in texts where people marked them.",
    source="github.com/microsoft/presidio-research (its generated texts as texts.json)",
    run=run,
    figures=(
        "cases",
        "own_cases",
        *(f"{part}classes.*.{name}" for part in ("", "own_") for name in ("recall", "precision", "marked")),
        "ms_per_kib",
    ),
)
