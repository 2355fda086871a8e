"""Find statements that nothing speaks for: most of what they say is in no evidence, and no usual word of a report."""

import re
from collections.abc import Iterator

from domain.retrieval.words import stem
from domain.reviewing.evidence import Evidence
from domain.reviewing.figures import FIGURES
from domain.reviewing.findings import Finding
from domain.reviewing.statements import Entity, Statement, Word, statements
from domain.reviewing.terms import alike
from domain.reviewing.values import Value

LEAST = 2
"""How many words nobody knows make a statement unfounded, where they are enough of it."""
MOST_PROVED = 4
"""How many do so where a value stands beside them that is proved."""
_NOT = re.compile(r"\b(?:not|no|never|none|nothing|nobody|cannot|without)\b|n['’]t\b", re.I)
_PREDICATE = re.compile(
    r"\b(?:is|are|was|were|be|been|remains?)\s+(?:currently |now |still |already |also )?([a-z]+)"
    r"(?=\s*(?:[.,;)]|$)|\s+(?:and|but|while|since|on|at|by|in)\b)"
)
SHARE = 0.4
"""How many of the words that mean something must be unknown."""

_USUAL_WORDS = """
    a about above according account actual add additional address after all along already also altogether always am
    amount an and another answer any appear apply approximate are around article as ask assign associate at available
    back base be because been before behind being belong below between both bought but buy by call can case change
    charge check client come complete comprise confirm consist contact contain cost could count currency current
    customer data date deliver describe destination detail did differ different do document does done due during each
    either else entire entry equal etc even every exact example exist expect field figure file final find fine first
    follow for found from full further gave get give go goal good got had half hand has have he held help her here hers
    him his hold how however i id identifier if in include indicate individual information instead into is issue it item
    its just keep key kind know last least leave left less let like line list live locate look made mail make many mark
    match may me mean mention more most much must my name namely near need neither new next no none not note now number
    object of off on once one only open or order other our out output over overall overview own owner paid part pay
    payment people per person piece place please point possible present price product profile provide purchase put
    quantity question reach read receive recipient record refer regard register relate remain reply report request
    require reside respective respectively response rest result return review right roughly said same say second see
    sell send sent separate set several she ship should show side since single so sold some specify stand state
    statement status step still stock store such sum summary sure system table take tell than thank that the their them
    then there these they thing this those though through thus to together too total two type under unit until up upon
    us use user value various verify via was way we well went were what when where whether which while who whole whom
    whose will with within without worth would yes yet you your
    anything something everything nothing anybody everybody both
"""
_USUAL = frozenset(form for word in _USUAL_WORDS.split() for form in (word, stem(word)))


def unfounded(claim: str, evidence: Evidence) -> Iterator[Finding]:
    """Return the statements of a claim that nothing speaks for."""
    if not evidence.whole:
        return
    known = {stem(word) for word in (*evidence.known, *FIGURES)}
    for statement in statements(claim, evidence):
        if _NOT.search(statement.text):
            continue  # that something is not there has no evidence but its absence
        content, unknown = _words(statement, known)
        proved = any(evidence.equal(value) for value in statement.values)
        least = MOST_PROVED if proved else LEAST if statement.entities or statement.values else 1
        predicate = _PREDICATE.search(statement.text)
        if predicate and alike(predicate[1]) in unknown:
            least = 1
            content = unknown
        if len(unknown) >= least and len(unknown) >= SHARE * len(content):
            place = " ".join(statement.text.split())
            yield Finding(kind="unsupported", place=place[:80], said=", ".join(dict.fromkeys(unknown))[:200])


def _words(statement: Statement, known: set[str]) -> tuple[list[str], list[str]]:
    """Return the words of a statement that mean something, and those of them that nobody knows."""
    places: list[Value | Entity | Word] = [*statement.values, *statement.entities, *statement.words]
    spans = [(each.start, each.end) for each in places]
    free = [t for t in statement.terms if not any(start <= t.start < end for start, end in spans)]
    parts = [part for term in free for part in term.text.split("_") if part.isalpha() and len(part) > 1]
    content = [part for part in parts if part not in _USUAL and stem(part) not in _USUAL]
    unknown = [part for part in content if stem(part) not in known]
    return content, unknown
