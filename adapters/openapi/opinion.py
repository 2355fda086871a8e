"""Ask `openapi-spec-validator` for a second opinion on a document."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adapters.openapi.model import Finding
from domain.pointers import pointer

MOST = 50
SECONDS = 30
_TEXT = 300


def second_opinion(tree: dict[str, Any], dialect: str, *, seconds: float = SECONDS) -> Iterator[Finding]:
    """Yield what the library says of a document, as information; it is given up after some seconds.

    Only for the main thread of a process of its own, which has ``OPENAPI_SPEC_VALIDATOR_SCHEMA_VALIDATOR_BACKEND`` set
    to ``jsonschema``: the library's other engine cannot be interrupted.
    """
    try:
        with _at_most(seconds):
            yield from _errors(tree, dialect)
    except _TookTooLongError:
        yield _finding("", f"gave up after {seconds:g} seconds")
    except Exception as fault:
        # Its own faults are many, and say nothing about the document.
        yield _finding("", f"failed, {type(fault).__name__}: {fault}")


def _errors(tree: dict[str, Any], dialect: str) -> Iterator[Finding]:
    import openapi_spec_validator
    from jsonschema_path import SchemaPath

    validators = {
        "swagger-2.0": openapi_spec_validator.OpenAPIV2SpecValidator,
        "openapi-3.0": openapi_spec_validator.OpenAPIV30SpecValidator,
        "openapi-3.1": openapi_spec_validator.OpenAPIV31SpecValidator,
        "openapi-3.2": openapi_spec_validator.OpenAPIV32SpecValidator,
    }
    # Without handlers it reads no reference that leads out of the document.
    path = SchemaPath.from_dict(tree, handlers={})
    for count, error in enumerate(validators[dialect](path).iter_errors()):
        if count == MOST:
            yield _finding("", f"has more than {MOST} findings; these are the first")
            return
        yield _finding(pointer(*getattr(error, "absolute_path", ())), getattr(error, "message", "") or str(error))


def _finding(place: str, message: str) -> Finding:
    shown = message if len(message) <= _TEXT else f"{message[:_TEXT]}…"
    return Finding(severity="info", place=place, message=f"openapi-spec-validator: {shown}")


class _TookTooLongError(BaseException):
    """Interrupt the library, whose own handlers must not catch this."""


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def interrupt(*_: Any) -> None:
        raise _TookTooLongError

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
