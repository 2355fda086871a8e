"""A Chromium is found where one is named, installed or was fetched; what does not start is none."""

import os
from pathlib import Path

import pytest

from ops.setup import browser
from ops.setup.browser import find, main


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be a machine without any Chromium; return a folder on its PATH."""
    monkeypatch.delenv("REPRISE_CHROMIUM", raising=False)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setattr(browser, "FETCHED", tmp_path / "fetched")
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    return programs


def program(path: Path, *, says: str = "", code: int = 0) -> Path:
    """Write a program that says something and ends with a code."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {says} $LD_LIBRARY_PATH\nexit {code}\n")
    path.chmod(0o755)
    return path


def found() -> Path | None:
    """Return the program that is found."""
    chromium = find()
    return chromium.program if chromium else None


def test_the_named_one_comes_before_the_path_and_that_before_what_was_fetched(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found() is None
    fetched = program(browser.FETCHED / "root/usr/lib/chromium/chromium", says="Fetched 1")
    assert found() == fetched
    on_path = program(machine / "chromium", says="OnPath 1")
    assert found() == on_path
    named = program(tmp_path / "named", says="Named 1")
    monkeypatch.setenv("REPRISE_CHROMIUM", str(named))
    assert found() == named


def test_a_named_one_that_does_not_start_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRISE_CHROMIUM", str(program(tmp_path / "broken", code=1)))
    with pytest.raises(OSError, match=r"REPRISE_CHROMIUM names .*broken, which does not start"):
        find()


def test_one_on_the_path_that_does_not_start_is_passed_over(machine: Path) -> None:
    program(machine / "chromium", code=1)
    chrome = program(machine / "google-chrome", says="Chrome 1")
    assert found() == chrome


def test_what_was_fetched_is_told_where_its_libraries_are() -> None:
    library = browser.FETCHED / "root/usr/lib/x86_64-linux-gnu/libnss3.so"
    library.parent.mkdir(parents=True)
    library.touch()
    program(browser.FETCHED / "root/usr/lib/chromium/chromium", says="Chromium 1")
    chromium = find()
    assert chromium and chromium.environment["LD_LIBRARY_PATH"].split(os.pathsep) == [str(library.parent)]
    assert chromium.version() == f"Chromium 1 {library.parent}"


def test_where_none_can_be_fetched_one_line_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"apt-get.*: install a Chromium, or name one with REPRISE_CHROMIUM"):
        main()
    assert "fetching Debian's chromium" in capsys.readouterr().out
