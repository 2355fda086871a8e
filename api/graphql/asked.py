"""Say what a GraphQL request holds, over whatever it comes."""

from typing import Annotated, Any

import msgspec

from api.bodies import Input

MOST_CHARACTERS = 16_384


class Asked(Input, frozen=True, kw_only=True):
    """Ask for something: a document with one operation, and the values of its variables."""

    query: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_CHARACTERS)]
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None
