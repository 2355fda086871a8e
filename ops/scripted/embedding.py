"""Answer requests for embeddings by the OpenAI protocol.

Source: https://platform.openai.com/docs/api-reference/embeddings
"""

import struct
from base64 import b64encode
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from commands.ports import TextEmbedder

Text = Annotated[str, msgspec.Meta(min_length=1)]
Texts = Annotated[tuple[Text, ...], msgspec.Meta(min_length=1, max_length=2_048)]


class EmbeddingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Ask what one text means, or several."""

    model: str
    input: Text | Texts
    encoding_format: Literal["float", "base64"] = "float"

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the texts."""
        return (self.input,) if isinstance(self.input, str) else self.input


async def embedded(embedder: TextEmbedder, asked: EmbeddingRequest) -> dict[str, object]:
    """Answer with the vectors of the texts, in their order; tokens are counted as words."""
    vectors = await embedder.embed(asked.texts)
    words = sum(len(text.split()) for text in asked.texts)
    data = [
        {"object": "embedding", "index": index, "embedding": _written(vector, asked.encoding_format)}
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": words, "total_tokens": words}
    return {"object": "list", "data": data, "model": embedder.name, "usage": usage}


def _written(vector: Sequence[float], form: str) -> object:
    return vector if form == "float" else b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
