"""Forgive the tests' own HTTP client the sockets of servers that were killed under it."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

FORGIVEN = (
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore:unclosed:ResourceWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let only the tests of this folder leave sockets to the garbage collector."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for each in FORGIVEN:
                item.add_marker(pytest.mark.filterwarnings(each))


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Collect what is left over here, and not in the middle of another test."""
    yield
    gc.collect()
