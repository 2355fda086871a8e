"""Settings name things so that every process means the same by them, and secrets are only referred to."""

from pathlib import Path

import pytest

from ops.settings import Settings, model_key


def test_a_data_folder_has_one_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Settings(data=str(tmp_path / "link" / ".." / "link")).folder == (tmp_path / "real").resolve()


def test_scripts_are_named_by_their_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = Settings(model="scripted:a.json", models="openai:x@http://h/v1, scripted:b.json").model_names
    assert names == [f"scripted:{tmp_path}/a.json", "openai:x@http://h/v1", f"scripted:{tmp_path}/b.json"]


def test_the_key_of_models_is_read_where_the_setting_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert model_key() == ""
    monkeypatch.setenv("REPRISE_MODEL_KEY", "env:KEY")
    monkeypatch.setenv("KEY", "from-the-environment")
    assert model_key() == "from-the-environment"
    (tmp_path / "key").write_text("from-a-file\n")
    monkeypatch.setenv("REPRISE_MODEL_KEY", f"file:{tmp_path}/key")
    assert model_key() == "from-a-file"
