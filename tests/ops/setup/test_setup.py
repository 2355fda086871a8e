"""The environment is made from locked bytes only, and an audit that could not look says so."""

import hashlib
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread

import pytest

from ops.setup.audit import report
from ops.setup.install import LOCK
from ops.setup.pip_wheel import fetch_pip, locked_pip

WHEEL = b"the bytes of a wheel"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Keep requests out of the test's output."""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve a package index whose page on pip links to a wheel by a relative address."""
    page = tmp_path / "simple" / "pip" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text('<a href="../../files/pip-9.9-py3-none-any.whl#sha256=0">pip-9.9-py3-none-any.whl</a>')
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "pip-9.9-py3-none-any.whl").write_bytes(WHEEL)
    with HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple/")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield tmp_path
        server.shutdown()


def lock(folder: Path, version: str, content: bytes) -> Path:
    path = folder / "requirements.lock"
    path.write_text(f"pip=={version} \\\n    --hash=sha256:{hashlib.sha256(content).hexdigest()}\n    # via x\n")
    return path


def test_the_lock_pins_pip_itself() -> None:
    version, hashes = locked_pip(LOCK.read_text())
    assert version
    assert hashes


def test_the_locked_pip_is_fetched_from_the_configured_index(index: Path) -> None:
    assert fetch_pip(lock(index, "9.9", WHEEL), index).read_bytes() == WHEEL


def test_another_wheel_than_the_locked_one_is_refused(index: Path) -> None:
    with pytest.raises(ValueError, match=r"SHA-256 of pip-9\.9-py3-none-any\.whl is not the locked one"):
        fetch_pip(lock(index, "9.9", b"another"), index)
    assert not (index / "pip-9.9-py3-none-any.whl").exists()


def test_a_version_that_the_index_lacks_is_named(index: Path) -> None:
    with pytest.raises(ValueError, match=r"lists no pip-8\.8"):
        fetch_pip(lock(index, "8.8", WHEEL), index)


def test_an_audit_without_a_database_passes_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert report([{"name": "a", "version": "1", "skip_reason": "not found"}]) == 0
    assert "audit skipped: no advisory database reachable" in capsys.readouterr().out


def test_a_known_vulnerability_fails_the_audit(capsys: pytest.CaptureFixture[str]) -> None:
    bad = {"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}
    assert report([bad, {"name": "b", "version": "1", "skip_reason": "not found"}]) == 1
    assert "a 1: X-1, fixed in 2\naudited 1 of 2 dependencies" in capsys.readouterr().out
