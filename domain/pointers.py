"""Follow JSON pointers (RFC 6901) into plain values, and take values apart into their leaves."""

from collections.abc import Iterator, Sequence
from typing import Any

from domain.errors import Invalid

MOST_TOKENS = 32
ABSENT = object()


def tokens(pointer: str) -> tuple[str, ...]:
    """Return the steps of a pointer; raise Invalid where it is none."""
    if pointer and not pointer.startswith("/"):
        raise Invalid(f"Expected a JSON pointer, empty or beginning with /, but got {pointer[:100]!r}.")
    found = tuple(map(unescaped, pointer.split("/")[1:]))
    if len(found) > MOST_TOKENS:
        raise Invalid(f"Expected a JSON pointer of at most {MOST_TOKENS} parts, but got {len(found)}.")
    return found


def pointer(*path: object) -> str:
    """Return the pointer that goes these steps."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in path)


def unescaped(token: str) -> str:
    """Return the key that a step of a pointer names."""
    return token.replace("~1", "/").replace("~0", "~")


def at(value: Any, path: Sequence[str]) -> Any:
    """Return what a path leads to, or ABSENT."""
    for token in path:
        match value:
            case dict() if token in value:
                value = value[token]
            case list() if (
                token.isdecimal() and token.isascii() and str(int(token)) == token and int(token) < len(value)
            ):
                value = value[int(token)]
            case _:
                return ABSENT
    return value


def put(value: Any, path: Sequence[str], new: Any) -> Any:
    """Return a value in which something new stands where a path leads; objects are made on the way, lists are not."""
    if not path:
        return new
    token, rest = path[0], path[1:]
    match value:
        case list() if at(value, (token,)) is not ABSENT:
            index = int(token)
            return [*value[:index], put(value[index], rest, new), *value[index + 1 :]]
        case dict():
            return {**value, token: put(value.get(token, {}), rest, new)}
        case _:
            raise Invalid(f"Expected an object in which to put {token[:100]!r}, but there is {str(value)[:80]!r}.")


def leaves(value: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Return everything in a value that is no object or list, or an empty one, each with the path to it."""
    match value:
        case dict() if value:
            for key, held in value.items():
                yield from leaves(held, *path, str(key))
        case list() if value:
            for index, held in enumerate(value):
                yield from leaves(held, *path, str(index))
        case _:
            yield path, value
