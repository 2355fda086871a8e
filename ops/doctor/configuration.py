"""Check the settings and what they refer to: models, keys, tokens, the collector of traces."""

import asyncio
import stat
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from domain.errors import Invalid, Refused, RepriseError
from ops.doctor.outcome import Finding, Outcome, Skipped
from ops.doctor.patient import Patient
from ops.settings import LOOPBACK

DIAL_SECONDS = 2.0


async def settings(patient: Patient) -> Outcome:
    """Read the settings."""
    try:
        patient.settings = patient.parts.load()
    except Invalid as fault:
        return Finding(
            code="settings-invalid",
            found=str(fault),
            why="No verb starts with a setting that it would have to guess.",
            fix="Correct or unset the variable; `reprise config show` lists all settings.",
        )
    return None


async def door(patient: Patient) -> Outcome:
    """Find out whether strangers could act."""
    if patient.settings.host in LOOPBACK or patient.settings.tokens.required:
        return None
    return Finding(
        code="open-door",
        found=f"REPRISE_HOST is {patient.settings.host}, and no tokens are required.",
        why="Anybody who reaches this address could act; `reprise up` and `reprise serve api` refuse to start.",
        fix="Set REPRISE_TOKENS__REQUIRED=true and issue tokens with `reprise token issue`, or unset REPRISE_HOST.",
    )


async def models(patient: Patient) -> Outcome:
    """Find out whether the models that are set can be asked."""
    names = patient.settings.model_names
    if not names:
        return Skipped(because="no model is set: goals have to name one")
    for name in names:
        try:
            patient.parts.known_model(name)
        except Refused as fault:
            return Finding(
                code="model-unusable",
                found=f"The model {name} cannot be asked: {fault}",
                why="Goals that use it are refused or fail.",
                fix="Correct REPRISE_MODEL or REPRISE_MODELS, or put the file in its place.",
            )
    return None


async def key(patient: Patient) -> Outcome:
    """Find out whether the models' key is where it is said to be."""
    try:
        await patient.parts.model_keys(patient.settings)
    except RepriseError as fault:
        return Finding(
            code="model-key-missing",
            found=str(fault),
            why="Nothing starts without a key that was promised.",
            fix="Put the key there, or unset REPRISE_MODEL_KEY where the models need none.",
        )
    return None


async def tokens(patient: Patient) -> Outcome:
    """Find out whether tokens can be signed and verified, and by nobody else."""
    if not patient.settings.tokens.required:
        return Skipped(because="tokens are not required")
    folder = Path(patient.settings.tokens.keys or patient.settings.folder / "keys")
    try:
        patient.parts.read_keys(folder)
    except Refused as fault:
        return Finding(
            code="token-keys-unusable",
            found=str(fault),
            why="Tokens are required, but none that was issued before can be verified.",
            fix="Restore the keys; where there never were any, `reprise token issue --user U` makes them.",
        )
    return _readable_by_others(folder)


def _readable_by_others(folder: Path) -> Outcome:
    open_ones = [path for path in sorted(folder.glob("signing*.json")) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if not open_ones:
        return None
    return Finding(
        code="token-keys-readable",
        found=f"{open_ones[0]} may be read by others than its owner.",
        why="Whoever reads the signing key can issue tokens for anybody.",
        fix=f"`chmod 600 {open_ones[0]}`; if somebody may have read it, delete it and issue new tokens.",
    )


async def collector(patient: Patient) -> Outcome:
    """Find out whether traces would arrive."""
    endpoint = patient.settings.otlp.endpoint
    if not endpoint:
        return Skipped(because="no endpoint for traces is set")
    where = urlsplit(endpoint)
    if not where.hostname:
        return _no_traces("otlp-endpoint-malformed", "REPRISE_OTLP__ENDPOINT names no host.")
    number = where.port or (443 if where.scheme == "https" else 80)
    try:
        async with asyncio.timeout(DIAL_SECONDS):
            _, writer = await asyncio.open_connection(where.hostname, number)
    except (OSError, TimeoutError) as fault:
        reason = str(fault) or f"nothing answered within {DIAL_SECONDS:.0f} s"
        return _no_traces("otlp-unreachable", f"Nobody listens on {where.hostname}:{number}: {reason}.")
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    if await asyncio.to_thread(patient.parts.takes_traces, endpoint):
        return None
    return _no_traces("otlp-refuses", f"Somebody listens on {where.hostname}:{number}, but takes no traces.")


def _no_traces(code: str, found: str) -> Finding:
    return Finding(
        code=code,
        found=found,
        why="Sessions go on, but their traces are dropped.",
        fix="Start the collector, or correct REPRISE_OTLP__ENDPOINT, like http://127.0.0.1:4318; where it wants a key, "
        "set OTEL_EXPORTER_OTLP_HEADERS.",
    )
