"""The digest of a request is of all that is sent; under a key nobody can find by trying what it is of."""

from msgspec.structs import replace

from adapters.openapi.requests.built import Built

BUILT = Built(method="GET", url="http://127.0.0.1/?ssn=078-05-1120", headers=(), body=b"")


def digest(built: Built, key: bytes = b"") -> str:
    return built.digest(document="d", operation="GET /", key=key)


def test_a_digest_under_a_key_says_nothing_without_it() -> None:
    assert len({digest(BUILT), digest(BUILT, b"one"), digest(BUILT, b"other")}) == 3
    assert digest(BUILT, b"one") == digest(BUILT, b"one")


def test_a_digest_under_a_key_is_still_of_every_part() -> None:
    others = [
        replace(BUILT, method="POST"),
        replace(BUILT, url="http://127.0.0.1/?ssn=078-05-1121"),
        replace(BUILT, headers=(("a", "b"),)),
        replace(BUILT, body=b"{}"),
        replace(BUILT, pages=2),
    ]
    assert len({digest(each, b"key") for each in (BUILT, *others)}) == 1 + len(others)
