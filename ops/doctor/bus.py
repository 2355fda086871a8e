"""Check NATS as a server: that it answers, lets us in, keeps streams, and takes events of every size."""

from domain.errors import Unavailable
from ops.doctor.outcome import Finding, Outcome, Skipped
from ops.doctor.patient import Patient

LEAST_PAYLOAD = 1 << 20
"""An event may have half of this; the rest is for what stands around it (bytes)."""


async def answers(patient: Patient) -> Outcome:
    """Hear what the server says of itself, then connect."""
    if not patient.where.nats_url:
        return Skipped(because="no NATS is set, and no `reprise up` runs")
    try:
        said = await patient.parts.greeting(patient.where.nats_url)
    except TimeoutError:
        return _away(
            "nats-hangs",
            "NATS takes connections, or lets them wait, but says nothing.",
            "See whether its process is stopped or its machine swaps; then restart it.",
        )
    except OSError as fault:
        return _away(
            "nats-unreachable", f"NATS cannot be reached: {fault}.", "Start nats-server, or correct REPRISE_NATS_URL."
        )
    return _unfit(said.get("jetstream", False), said.get("max_payload", 0)) or await _let_in(patient)


def _unfit(jetstream: bool, payload: int) -> Outcome:
    if not jetstream:
        return Finding(
            code="jetstream-off",
            found="NATS runs without JetStream.",
            why="The log's mirror and the work queues are streams, which only JetStream keeps.",
            fix="Start nats-server with `-js`, or a `jetstream` block in its configuration.",
        )
    if payload < LEAST_PAYLOAD:
        return Finding(
            code="nats-payload-small",
            found=f"NATS takes messages of {payload} bytes at most.",
            why="The relay would stop at the first larger event, and with it everything that follows the log.",
            fix=f"Set max_payload to at least {LEAST_PAYLOAD} in the configuration of nats-server.",
        )
    return None


async def _let_in(patient: Patient) -> Outcome:
    try:
        patient.bus = await patient.stack.enter_async_context(patient.parts.open_bus(patient.where.nats_url))
    except Unavailable as fault:
        return _away(
            "nats-refuses",
            f"NATS does not let us in: {fault}",
            "Correct the token, or user and password, in REPRISE_NATS_URL.",
        )
    return None


def _away(code: str, found: str, fix: str) -> Finding:
    return Finding(
        code=code,
        found=found,
        why="Workers are not woken and nothing is streamed; nothing is lost, for the log does without.",
        fix=fix,
    )
