"""Check one document in this process, alone: ``python -m ops.bootstrap.checking FILE SECONDS [ORIGIN…]``.

Prints the report as one line of JSON, with the most memory that this process has held. With SECONDS above 0,
`openapi-spec-validator` is asked too, for no longer than that; its engine is chosen by the environment. Each ORIGIN is
a place beside the API's own where operations with servers of their own may be.
"""

import gc
import resource
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from adapters.openapi.check import Report, check_document, refusal
from adapters.openapi.model import Api, Finding
from domain.errors import Refused
from ops.sources import read_source

__all__ = ["ENVIRONMENT", "Report", "check", "refusal"]

ENVIRONMENT = {"OPENAPI_SPEC_VALIDATOR_SCHEMA_VALIDATOR_BACKEND": "jsonschema"}
_STATUS = Path("/proc/self/status")


def check(file: str, seconds: float = 0, origins: Collection[str] = ()) -> Report:
    """Check a file or a folder in this process."""

    def opinion(api: Api) -> Iterable[Finding]:
        if not seconds:
            return ()
        # Half a second of imports that nobody else needs.
        from adapters.openapi.opinion import second_opinion

        return second_opinion(api.tree, api.dialect, seconds=seconds)

    try:
        data = read_source(file)
    except Refused as fault:
        return refusal(file, str(fault))
    return check_document(file, data, opinion, origins=origins)


def _most_megabytes() -> int:
    """Return the most memory that this process has held, in MiB; what its parent held does not count."""
    if _STATUS.exists():
        high = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return -(-int(high.split()[1]) // 1024)
    return -(-resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * 1024))


if __name__ == "__main__":
    gc.disable()  # a document's tree holds no cycles, and is needed to the end
    report = check(sys.argv[1], float(sys.argv[2]), sys.argv[3:])
    sys.stdout.buffer.write(msgspec.json.encode(msgspec.structs.replace(report, rss_mb=_most_megabytes())) + b"\n")
