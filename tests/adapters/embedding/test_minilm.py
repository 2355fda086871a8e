"""The model says of texts what the reference says of them, and keeps what it has learned."""

from pathlib import Path

import pytest

from adapters.embedding.minilm import MiniLm, installed
from adapters.embedding.vectors import Vectors
from domain.errors import NotPossible

needs_model = pytest.mark.skipif(not installed(), reason="the extra is not installed: `make embeddings`")

SOURCE = "That is a happy person"
OTHERS = ("That is a happy dog", "That is a very happy person", "Today is a sunny day")
REFERENCE = (0.6946, 0.9429, 0.2569)
"""What sentence-transformers with PyTorch says of these sentences, as published beside the model."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> MiniLm:
    return MiniLm(tmp_path_factory.mktemp("vectors") / "vectors.sqlite")


@needs_model
def test_sentences_are_as_close_as_the_reference_says(model: MiniLm) -> None:
    assert model.meanings(OTHERS).closeness(SOURCE) == pytest.approx(REFERENCE, abs=1e-3)


@needs_model
def test_a_text_is_as_close_to_itself_as_can_be_in_any_company(model: MiniLm) -> None:
    texts = [*OTHERS, SOURCE, "short", SOURCE + " " + "and so on " * 200]
    assert model.meanings(texts).closeness(SOURCE)[3] == pytest.approx(1, abs=1e-3)


@needs_model
def test_what_was_learned_once_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "below" / "vectors.sqlite"
    first = MiniLm(file)
    first.learn(OTHERS)
    kept = Vectors(file, "all-minilm-l6-v2/64").find([*OTHERS, "unknown"])
    assert set(kept) == set(OTHERS) and {len(vector) for vector in kept.values()} == {768}


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.embedding.minilm.NEEDED", ("a_package_that_is_not_there",))
    with pytest.raises(NotPossible, match="make embeddings"):
        MiniLm(tmp_path / "vectors.sqlite")
