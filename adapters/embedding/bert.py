"""Run the six layers of a BERT encoder in NumPy: token ids in, one vector of length 1 for each text out.

The weights are those of sentence-transformers/all-MiniLM-L6-v2, whose vectors are the mean over a text's tokens.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""An array of float32; NumPy is no dependency of ours, so its types are not there to be checked."""

LAYERS = 6
HEADS = 12
EPSILON = 1e-12


class Linear(NamedTuple):
    """Be a matrix and what is added."""

    weight: Array
    bias: Array

    def __call__(self, x: Array) -> Array:
        """Apply it."""
        return x @ self.weight + self.bias


class Norm(NamedTuple):
    """Be a layer norm."""

    gain: Array
    bias: Array

    def __call__(self, x: Array) -> Array:
        """Bring each vector to mean 0 and variance 1, then scale it."""
        centred = x - x.mean(-1, keepdims=True)
        variance = (centred * centred).mean(-1, keepdims=True)
        return centred / np.sqrt(variance + EPSILON) * self.gain + self.bias


class Layer(NamedTuple):
    """Be one layer: attention, then two linear steps with a bend between them, each with a norm behind it."""

    query: Linear
    key: Linear
    value: Linear
    mixed: Linear
    mixed_norm: Norm
    wide: Linear
    narrow: Linear
    narrow_norm: Norm

    def __call__(self, x: Array) -> Array:
        """Apply it to texts of one length: (texts, tokens, width)."""
        query, key, value = (_by_head(part(x)) for part in (self.query, self.key, self.value))
        attention = _softmax(query @ key.transpose(0, 1, 3, 2) / np.float32(query.shape[-1] ** 0.5))
        mixed = (attention @ value).transpose(0, 2, 1, 3).reshape(x.shape)
        x = self.mixed_norm(self.mixed(mixed) + x)
        return self.narrow_norm(self.narrow(_gelu(self.wide(x))) + x)


class Encoder:
    """Turn token ids into vectors."""

    def __init__(self, weights: Mapping[str, Array]):
        self._words = weights["embeddings.word_embeddings.weight"]
        self._places = weights["embeddings.position_embeddings.weight"]
        self._kind = weights["embeddings.token_type_embeddings.weight"][0]
        self._norm = _norm(weights, "embeddings.LayerNorm")
        self._layers = [_layer(weights, f"encoder.layer.{number}") for number in range(LAYERS)]

    def __call__(self, ids: Array) -> Array:
        """Return the vectors of texts that have the same number of tokens: (texts, tokens) to (texts, width)."""
        x = self._norm(self._words[ids] + self._places[: ids.shape[1]] + self._kind)
        for layer in self._layers:
            x = layer(x)
        mean = x.mean(1)
        return mean / np.linalg.norm(mean, axis=-1, keepdims=True)


def _layer(weights: Mapping[str, Array], name: str) -> Layer:
    def linear(part: str) -> Linear:
        return _linear(weights, f"{name}.{part}")

    return Layer(
        query=linear("attention.self.query"),
        key=linear("attention.self.key"),
        value=linear("attention.self.value"),
        mixed=linear("attention.output.dense"),
        mixed_norm=_norm(weights, f"{name}.attention.output.LayerNorm"),
        wide=linear("intermediate.dense"),
        narrow=linear("output.dense"),
        narrow_norm=_norm(weights, f"{name}.output.LayerNorm"),
    )


def _linear(weights: Mapping[str, Array], name: str) -> Linear:
    return Linear(np.ascontiguousarray(weights[f"{name}.weight"].T), weights[f"{name}.bias"])


def _norm(weights: Mapping[str, Array], name: str) -> Norm:
    return Norm(weights[f"{name}.weight"], weights[f"{name}.bias"])


def _by_head(x: Array) -> Array:
    texts, tokens, width = x.shape
    return x.reshape(texts, tokens, HEADS, width // HEADS).transpose(0, 2, 1, 3)


def _softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _gelu(x: Array) -> Array:
    return 0.5 * x * (1 + _erf(x / np.float32(2**0.5)))


def _erf(x: Array) -> Array:
    """Return the error function to 1.5e-7 (Abramowitz and Stegun, 7.1.26)."""
    t = 1 / (1 + np.float32(0.3275911) * np.abs(x))
    polynomial = _horner(t, 1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
    return np.sign(x) * (1 - polynomial * t * np.exp(-x * x))


def _horner(t: Array, *factors: float) -> Array:
    value = np.float32(0)
    for factor in factors:
        value = value * t + np.float32(factor)
    return value
