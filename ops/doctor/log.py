"""Check the log: its parts, who may change it, that nothing is missing from it or from what it refers to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import DecodeError

from domain.catalog.events import DocumentRegistered
from domain.errors import Invalid
from domain.session.events import GoalSubmitted
from domain.upcasting import Unknown, read
from ops.doctor.outcome import Finding, Outcome
from ops.doctor.patient import Patient

NEWEST = 10_000
"""How many of the newest positions are looked at: enough to notice, few enough to be quick."""


async def parts(patient: Patient) -> Outcome:
    """Find out whether all that an append needs is there."""
    if not (rows := await patient.log.fetch("missing")):
        return None
    return Finding(
        code="log-incomplete",
        found=f"Missing or invalid in the database: {', '.join(row['what'] for row in rows)}.",
        why="Without them events cannot be appended, found, or kept from being recorded twice.",
        fix="Restore the database from a backup, or make them again as adapters/postgres/migrations/ does.",
    )


async def rights(patient: Patient) -> Outcome:
    """Find out whether the database itself keeps the service from changing history."""
    (row,) = await patient.log.fetch("rights")
    if row["beyond"]:
        named = ", ".join(row["beyond"])
        return Finding(
            code="log-changeable",
            found=f"The role reprise_service may {named} on log_events.",
            why="Nothing but Postgres's refusal makes the log a record: a fault or an intruder could rewrite it.",
            fix=f"`REVOKE {named} ON log_events FROM reprise_service, PUBLIC`; see which roles it is a member of.",
        )
    if row["lacking"]:
        named = ", ".join(row["lacking"])
        return Finding(
            code="log-closed",
            found=f"The role reprise_service may not {named} on log_events.",
            why="The service can neither record nor read.",
            fix=f"`GRANT {named} ON log_events TO reprise_service`.",
        )
    return None


async def positions(patient: Patient) -> Outcome:
    """Find out whether the newest events follow one another without a gap."""
    for row in await patient.log.fetch("gap", newest=NEWEST):
        place = f"Behind position {row['position'] - row['step']} comes {row['position']}"
        if row["step"] == 1:
            place = f"At position {row['position']} session {row['stream']} jumps to version {row['version']}"
        return Finding(
            code="log-gap",
            found=f"{place}: events are missing from the log.",
            why="Somebody deleted what is never deleted: sessions, streams and read models no longer agree.",
            fix="Restore the log from a backup; `reprise replay --all` says which sessions cannot be replayed.",
        )
    return None


async def blobs(patient: Patient) -> Outcome:
    """Find out whether what goals and documents pin is stored."""
    pinned = sorted(set(_pinned(await patient.log.fetch("pinned", newest=NEWEST))))
    tenants, digests = [tenant for tenant, _ in pinned], [digest for _, digest in pinned]
    if not (lost := await patient.log.fetch("lost_blobs", tenants=tenants, digests=digests)):
        return None
    return Finding(
        code="blob-missing",
        found=f"Blobs that the log names but nobody stored: {len(lost)}, such as {lost[0]['digest']}.",
        why="Catalogues and documents are pinned by digest: sessions that use these can neither go on nor be replayed.",
        fix="Restore the table blobs from a backup; rows that are there already may stay.",
    )


def _pinned(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for row in rows:
        try:
            event = read(row["topic"], bytes(row["state"]))
        except (DecodeError, Invalid):  # what cannot be read pins nothing that could be looked for
            continue
        if isinstance(event, Unknown):
            continue
        if isinstance(event.data, GoalSubmitted):
            yield row["tenant"], event.data.catalog
        elif isinstance(event.data, DocumentRegistered):
            yield row["tenant"], event.data.document
