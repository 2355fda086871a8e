"""Check this machine: packages, the data folder and its disk, the port, and what an `up` left behind."""

import errno
import re
import socket
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile

from ops.doctor.outcome import Finding, Outcome, Skipped
from ops.doctor.patient import Patient
from ops.running import FILE

LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)([^\\\n]*)", re.MULTILINE)
"""Be a line of a lock file: a name, a version, and for which machines it is meant where not for all."""
LEAST_FREE_BYTES = 1 << 30


async def packages(patient: Patient) -> Outcome:
    """Hold what is installed against what this checkout was tested with."""
    lock = patient.parts.root / "requirements.lock"
    if not lock.exists():
        return Skipped(because="this is no checkout: there is no requirements.lock to compare with")
    odd = list(_odd_packages(lock.read_text("utf-8")))
    if not odd:
        return None
    return Finding(
        code="packages-differ",
        found=f"Installed packages that are not those of {lock}: {len(odd)}, such as {', '.join(odd[:3])}.",
        why="This code was tested with the locked versions, and with no others.",
        fix="Run `make` in the checkout.",
    )


def _odd_packages(lock: str) -> Iterator[str]:
    for name, locked, elsewhere in LOCKED.findall(lock):
        try:
            installed = version(name)
        except PackageNotFoundError:
            if not elsewhere.strip():
                yield f"{name} is missing instead of {locked}"
            continue
        if installed != locked:
            yield f"{name} is {installed} instead of {locked}"


async def left_behind(patient: Patient) -> Outcome:
    """Find the mark of an `up` that could not take it away."""
    path = patient.settings.folder / FILE
    if patient.up or not path.is_file():
        return None
    return Finding(
        code="up-was-killed",
        found=f"{path} is the mark of a `reprise up` that no longer runs.",
        why="It was killed, or the machine went down; no data is lost, and verbs pay no heed to the file.",
        fix="`reprise up` puts its own mark in the place of this one.",
    )


async def data_folder(patient: Patient) -> Outcome:
    """Find out whether data can be kept, without leaving a trace."""
    folder = patient.settings.folder
    if not patient.keeps:
        return None
    try:
        TemporaryFile(dir=_existing(folder)).close()
    except OSError as fault:
        return Finding(
            code="data-folder-unusable",
            found=f"Nothing can be written to {folder}: {fault.strerror}.",
            why="Log, streams and keys are kept there.",
            fix="Make it a folder that you may write to, or set REPRISE_DATA to another.",
        )
    return None


async def disk(patient: Patient) -> Outcome:
    """Find out whether there is room for more data."""
    if not patient.keeps:
        return Skipped(because="the servers are set, and keep their data elsewhere")
    found = patient.parts.statvfs(_existing(patient.settings.folder))
    free = found.f_bavail * found.f_frsize
    if free >= LEAST_FREE_BYTES:
        return None
    return Finding(
        code="disk-nearly-full",
        found=f"{free / (1 << 20):,.0f} MiB are free where {patient.settings.folder} is.",
        why="Postgres stops when it cannot write, and with it every session.",
        fix="Make room, or move the data folder to a larger disk and set REPRISE_DATA.",
    )


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest above it that is there."""
    return next((each for each in (folder, *folder.parents) if each.exists()), folder)


async def port(patient: Patient) -> Outcome:
    """Find out whether an `up` could listen."""
    host, number = patient.settings.host, patient.settings.port
    if patient.served:
        return Skipped(because="the API may be served there by now")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, number), family=family).close()
    except OSError as fault:
        return Finding(
            code="port-taken" if fault.errno == errno.EADDRINUSE else "address-unusable",
            found=f"Port {number} on {host} cannot be listened on: {fault.strerror}.",
            why="`reprise up` would serve its API there.",
            fix="End the program that listens there, or say `reprise up --port N` or set REPRISE_PORT.",
        )
    return None
