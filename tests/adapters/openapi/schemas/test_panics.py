"""A quick engine that breaks down leaves the judging to the slow one; whatever else it raises is passed on."""

from typing import Any

import pytest

from adapters.openapi.schemas.compiled import UNJUDGED, Compiled


class PanicException(BaseException):
    """Be named as the panics of engines written in Rust are."""


class Broken:
    """Be an engine that fails in one way."""

    def __init__(self, fault: BaseException) -> None:
        self._fault = fault

    def is_valid(self, value: Any) -> bool:
        """Fail."""
        raise self._fault


def broken(fault: BaseException) -> Compiled:
    compiled: Any = Compiled({"type": "integer"})
    compiled.fast = Broken(fault)
    return compiled  # type: ignore[no-any-return]


def test_a_panic_is_no_verdict() -> None:
    assert broken(PanicException("at lib.rs:1")).problems(1) == ()
    assert broken(PanicException("at lib.rs:1")).problems("one")


def test_other_faults_are_not_hidden() -> None:
    with pytest.raises(KeyboardInterrupt):
        broken(KeyboardInterrupt()).problems(1)


def test_a_recursion_that_ends_within_the_librarys_own_types_is_judged_by_nobody() -> None:
    value: Any = {}
    for _ in range(300):
        value = {"a": value}
    node = {"allOf": [{"anyOf": [{"oneOf": [{"type": "object", "properties": {"a": {"$ref": "#/$defs/N"}}}]}]}]}
    compiled: Any = Compiled({"$ref": "#/$defs/N", "$defs": {"N": node}})
    compiled.fast = None
    for frames in range(20):
        assert _below(frames, lambda: compiled.problems(value)) == (UNJUDGED,)


def _below(frames: int, ask: Any) -> Any:
    return _below(frames - 1, ask) if frames else ask()
