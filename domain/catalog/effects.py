"""Say by its name what a tool does to the world, where no method says it: a plain tool has only a name and a schema.

The words of a name are held against three lists of verbs, the same for every tool. What destroys or changes is found
anywhere in a name; a word that is a noun as often as a verb counts only as the first verb. A name without a verb that
looks, or with none that is known, writes.
"""

from collections.abc import Sequence

from domain.catalog.vocabulary import words
from domain.session.events import EffectClass


def _verbs(text: str) -> frozenset[str]:
    return frozenset(text.split())


DESTROYS = _verbs(
    """cancel clear delete destroy disable discard drop erase kick purge remove reset revoke terminate trash uninstall
    unsubscribe wipe"""
)
CHANGES = _verbs(
    """accept activate add append approve assign attach buy change configure connect convert copy create deactivate
    decline deposit download enable execute grant import insert install invite join launch leave merge modify move open
    pay publish purchase put reject rename replace reply reschedule restore retweet run save send set sell share
    submit subscribe sync transfer trigger unlock update upload upsert withdraw write"""
)
PERHAPS_CHANGES = _verbs(
    """archive backup block book call charge comment control email follow lock mail message navigate order post
    react refund register rent report request reserve schedule sign start stop tag trade tweet vote"""
)
LOOKS = _verbs(
    """browse calculate check compare count describe estimate examine fetch find get has inspect is list lookup
    preview query read retrieve review scan search show summarize track validate verify view watch"""
)


def effect_of_name(name: str) -> EffectClass:
    """Say what a tool does to the world, by the verbs in its name alone; what is not known writes."""
    found = words(name)
    if not DESTROYS.isdisjoint(found):
        return "destructive"
    if not CHANGES.isdisjoint(found) or not _looks_first(found):
        return "write"
    return "read"


def _looks_first(found: Sequence[str]) -> bool:
    verbs = (word for word in found if word in LOOKS or word in PERHAPS_CHANGES)
    return next(verbs, "") in LOOKS
