"""Say what an operation does to the world: by its method, and by its name where the method says too little.

The words of a name are held against lists of verbs, the same for every tool.

1. A plain tool has only a name. What destroys or changes is found anywhere in it; a word that is a noun as often as a
   verb counts only as the first verb. A name without a verb that looks, or with none that is known, writes.
2. A method that changes something is believed. One that only reads is not where the operation orders something else:
   own name, if it has one, holds a verb that destroys or changes and none that looks, or its path ends in such a verb
   by itself.
"""

import re
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
    decline deploy deposit download enable execute grant import insert install invite join launch leave merge modify
    move open pay publish purchase put reboot reject rename replace reply reschedule restart restore retweet rollback
    rotate run save send set sell share submit subscribe sync transfer trigger unlock update upload upsert withdraw
    write"""
)
PERHAPS_CHANGES = _verbs(
    """archive backup block book call charge comment control email follow lock mail message navigate order post
    react refund register rent report request reserve schedule sign start stop tag trade tweet vote"""
)
LOOKS = _verbs(
    """browse calculate check compare count describe estimate examine fetch find get has inspect is list lookup
    preview query read retrieve review scan search show summarize track validate verify view watch"""
)


NOUNS = _verbs(
    """change copy deposit download drop import invite launch merge move open purchase reset run save set share sync
    transfer trash update upload"""
)
"""Hold verbs that paths end in as nouns, for a list or a record: such a path may be read."""


def effect_of_operation(method: str, name: str, path: str) -> EffectClass:
    """Say what an operation may do to the world; a method that is not known writes."""
    match method:
        case "GET" | "HEAD" | "QUERY":
            return _ordered(name, path)
        case "PUT":
            return "idempotent-write"
        case "DELETE":
            return "destructive"
        case _:
            return "write"


def _ordered(name: str, path: str) -> EffectClass:
    """Say what an operation does whose method only reads, which not every API takes seriously."""
    found, last = frozenset(words(name)), words(re.split(r"[/.:]", path.rstrip("/"))[-1])
    if LOOKS.isdisjoint(found) and not DESTROYS.isdisjoint(found):
        return "destructive"
    if LOOKS.isdisjoint(found) and not (CHANGES - {"download"}).isdisjoint(found):
        return "write"
    if len(last) != 1 or last[0] in NOUNS:
        return "read"
    return "destructive" if last[0] in DESTROYS else "write" if last[0] in CHANGES else "read"


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
