"""Check what is meant to run: the API, and a relay, a projector and workers that keep up with the log."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http.client import HTTPConnection, HTTPException
from typing import TypeAlias
from urllib.parse import urlsplit

from ops.doctor.outcome import Finding, Note, Outcome, Skipped
from ops.doctor.patient import Patient
from projections.registry import READ_MODELS

API_SECONDS = 2.0
LOOKS, PAUSE_SECONDS = 12, 0.2
FORGOTTEN_SECONDS = 10
STUCK_SECONDS = 60
Look: TypeAlias = Callable[[], Awaitable[Mapping[str, int]]]


async def running(patient: Patient) -> Outcome:
    """Find out what is meant to run, and whether an `up` answers."""
    if not patient.served:
        return Skipped(because="no `reprise up` runs, so nobody is meant to take care of it now")
    if not (up := patient.up) or await asyncio.to_thread(_is_healthy, up.url):
        return None
    return Finding(
        code="api-silent",
        found=f"`reprise up` (process {up.pid}) runs, but does not answer at {up.url}.",
        why="It is stopped or overloaded; sessions stand still meanwhile.",
        fix=f"See what process {up.pid} does (`kill -CONT {up.pid}` if it is stopped), or end it and start it again.",
    )


def _is_healthy(url: str) -> bool:
    where = urlsplit(url)
    connection = HTTPConnection(where.hostname or "", where.port, timeout=API_SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})  # a name that every API goes by
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


async def standing_still(look: Look, goal: int) -> set[str]:
    """Return which positions neither have reached a goal nor move towards it while they are watched."""
    first = now = await look()
    for _ in range(LOOKS):
        if not (still := {name for name in now if now[name] < goal and now[name] == first[name]}):
            return still
        await asyncio.sleep(PAUSE_SECONDS)
        now = await look()
    return {name for name in now if now[name] < goal and now[name] == first[name]}


async def stream(patient: Patient) -> Outcome:
    """Find out whether there is a mirror of this very log."""
    (log,) = await patient.log.fetch("log")

    async def look() -> Mapping[str, int]:
        found = await patient.bus.mirror()
        return {"there": int(found is not None), "ours": int(found is not None and found[0] == log["log_id"])}

    still = await standing_still(look, 1)
    if "there" in still:
        return _no_mirror("stream-missing", "JetStream holds no stream REPRISE_EVENTS.")
    if "ours" in still:
        return _no_mirror(
            "stream-of-another-log", f"The stream REPRISE_EVENTS mirrors another log than {log['log_id']}."
        )
    return None


def _no_mirror(code: str, found: str) -> Finding:
    return Finding(
        code=code,
        found=f"{found} No relay makes it.",
        why="Live streams and read models follow the log over Postgres now, which is slower.",
        fix="Start a relay: `reprise up` has one, or `reprise serve relay`; it makes the stream anew.",
    )


async def relay(patient: Patient) -> Outcome:
    """Find out whether events reach the stream."""
    (log,) = await patient.log.fetch("log")

    async def look() -> Mapping[str, int]:
        found = await patient.bus.mirror()
        return {"stream": found[1] if found else 0}

    if not await standing_still(look, log["head"]):
        return None
    found = await look()
    return Finding(
        code="relay-stands-still",
        found=f"The stream stands at position {found['stream']}, the log at {log['head']}.",
        why="Live streams and read models follow the log over Postgres now, which is slower.",
        fix="Start a relay, `reprise serve relay`; where one runs, look at its log.",
    )


async def projector(patient: Patient) -> Outcome:
    """Find out whether events reach the read models of this code."""
    (log,) = await patient.log.fetch("log")

    async def look() -> Mapping[str, int]:
        kept = {(row["name"], row["version"]): row["position"] for row in await patient.log.fetch("kept")}
        return {name: kept.get((name, model.version), 0) for name, model in READ_MODELS.items()}

    if not (still := await standing_still(look, log["head"])):
        return None
    lag = log["head"] - min((await look()).values())
    if len(still) == len(READ_MODELS):
        return _not_projected("projector-stands-still", f"No read model moves, {lag} events behind the log.")
    named = ", ".join(sorted(still))
    return _not_projected("read-model-stands-still", f"Read models that do not move, {lag} events behind: {named}.")


def _not_projected(code: str, found: str) -> Finding:
    return Finding(
        code=code,
        found=found,
        why="Lists and pages show the past, and timers of sessions are not noticed.",
        fix="Start a projector, `reprise serve projector`; where one runs, look at its log for what it cannot take.",
    )


async def workers(patient: Patient) -> Outcome:
    """Find out whether somebody takes the work that is due."""
    due = {row["lane"] for row in await patient.log.fetch("forgotten", seconds=FORGOTTEN_SECONDS)}

    async def look() -> Mapping[str, int]:
        waiting = await patient.bus.waiting(due)
        return {lane: int(lane in waiting) for lane in due}

    if not (lonely := await standing_still(look, 1)):
        return None
    return Finding(
        code="no-worker",
        found=f"Work has been due for more than {FORGOTTEN_SECONDS} s, and no worker waits in: {', '.join(lonely)}.",
        why="Sessions in these lanes stand still.",
        fix="Start a worker, `reprise serve worker`, with these lanes in REPRISE_LANES.",
    )


async def sessions(patient: Patient) -> Outcome:
    """Find sessions that workers cannot move on; late work that is being taken, as after a stop, is no fault."""

    async def forgotten() -> set[str]:
        return {row["session"] for row in await patient.log.fetch("forgotten", seconds=STUCK_SECONDS)}

    async def look() -> Mapping[str, int]:
        return {"moved on": len(stuck - await forgotten())}

    if not (stuck := await forgotten()):
        return None
    if not await standing_still(look, 1):
        return Note(text=f"Work is more than {STUCK_SECONDS} s late in {len(stuck)} sessions, but workers take it now.")
    names = sorted(stuck)
    return Finding(
        code="session-stuck",
        found=f"Work has been due for more than {STUCK_SECONDS} s in {len(names)} sessions, such as {names[0]}.",
        why="Workers are there, but none of these sessions moves on: they fail at them again and again.",
        fix=f"Look for it in the workers' logs, and at `reprise sessions show {names[0]}`; `sessions cancel` ends it.",
    )
