"""Find what a changed schema of an answer breaks for clients who know the old one.

A client passes over fields and values of a choice that it does not know, so an answer may grow, and what was optional
may always be there. What was always there may not be missing, and no value may be of a type that was not expected.
"""

from collections.abc import Iterator

from api.schemas.breaking import FIXED, Break, Place, meaning_of, types_of, uncompared, values_of
from api.schemas.describe import Schema


def unreadable(old: Schema, new: Schema) -> tuple[Break, ...]:
    """Return what keeps who knows the old schema from reading what is written by the new one."""
    return tuple(dict.fromkeys(_breaks(Place((old, new), old, new))))


def _breaks(here: Place) -> Iterator[Break]:
    old, new = here.old, here.new
    if strange := uncompared(old) | uncompared(new):
        yield here.broken(f"{', '.join(sorted(strange))} cannot be compared")
    elif "anyOf" in new:
        for each in new["anyOf"]:
            yield from _breaks(here.at(old, each))
    elif "anyOf" in old:
        # What fits one alternative fits; else the nearest one says why not.
        yield from min((list(_breaks(here.at(each, new))) for each in old["anyOf"]), key=len)
    elif "const" in old and ("const" not in new or values_of(old) != values_of(new)):
        yield here.broken(f"it may be other than {old['const']} now")
    else:
        yield from _widened(here)
        yield from _fields(here)
        for keyword in ("items", "additionalProperties"):
            if keyword in old or keyword in new:
                yield from _breaks(here.at(old.get(keyword, {}), new.get(keyword, {}), "*"))


def _widened(here: Place) -> Iterator[Break]:
    for kind in sorted(types_of(here.new) - types_of(here.old)):
        yield here.broken(f"the type {kind} may come now")
    for keyword in FIXED:
        if keyword in here.old and here.old[keyword] != here.new.get(keyword):
            yield here.broken(f"{keyword} was {here.old[keyword]}")


def _fields(here: Place) -> Iterator[Break]:
    old, new = here.old.get("properties", {}), here.new.get("properties", {})
    missing = {*here.old.get("required", ())} - {*here.new.get("required", ())}
    for name in old:
        if name not in new:
            yield here.at({}, {}, name).broken("the field is removed")
        elif name in missing:
            yield here.at({}, {}, name).broken("the field may be missing now")
        else:
            yield from _breaks(here.at(old[name], new[name], name))
            yield from meaning_of(here, name)
    for name in new:
        if name not in old and "additionalProperties" in here.old:
            yield from _breaks(here.at(here.old["additionalProperties"], new[name], name))
