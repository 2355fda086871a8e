"""No value leads a request off its operation, origin and path, however it is written."""

import random
import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

import pytest

from adapters.openapi.requests.build import build
from adapters.openapi.requests.built import Built, Unbuildable
from adapters.openapi.requests.urls import check_url
from tests.adapters.openapi.requests.echo import Echo, echoing
from tests.adapters.openapi.requests.making import BASE, built, operation, parameter

VALUES = 12_000
SENT = 400
SEED = 20_261_128
DOTS = [".", "%2e", "%2E", "%252e", "%25252E", "．", "․", "%EF%BC%8E", "%c0%ae", "%u002e", "。", "&#46;", "%%32%65"]
SLASHES = [
    "/",
    "\\",
    "%2f",
    "%5C",
    "%252f",
    "／",
    "∕",
    "＼",
    "%c0%af",
    "%e0%80%af",
    "%u2215",
    "//",
    "/./",
    ";/",
    "%2F%2F",
]
BETWEEN = [
    "",
    "\u200b",
    "\u00ad",
    "\u0301",
    "%00",
    "\x00",
    "%0d%0a",
    "\r\n",
    "\t",
    " ",
    "%20",
    ";x=1",
    "?",
    "#",
    "%23",
    "@",
]
PLAIN = ["a", "admin", "..x", "x..", "users", "evil.example", "http://evil.example", "@evil.example:80", "é", "日本"]
SEGMENT = re.compile(r"[a-zA-Z0-9._~!$&'()*+,;=:@%-]*")


def hostile(chance: random.Random) -> str:
    """Draw a value that tries to climb, to end its segment, its line or its URL, or to name another host."""
    pool = [DOTS, DOTS, SLASHES, SLASHES, BETWEEN, PLAIN]
    text = "".join(chance.choice(chance.choice(pool)) for _ in range(chance.randint(1, 9)))
    for _ in range(chance.choice([0, 0, 0, 1, 2])):
        text = quote(text, safe="")
    return text


def values() -> Iterator[str]:
    chance = random.Random(SEED)
    yield from ("..", ".", "%2e%2e", "..\\", "../..", "..;/", "..%2f", "%2e%2e%5c", "....//", ". .", "．．／")
    yield from (hostile(chance) for _ in range(VALUES))


@pytest.fixture(scope="module")
def server() -> Iterator[Echo]:
    with echoing() as found:
        yield found


PATH = "/users/{one}/files/{two}"
OTHERS = ("GET /users/{one}", "GET /users/{one}/files/{two}/secrets", "GET /admin", "DELETE /users/{one}/files/{two}")


def requests(base: str) -> Iterator[tuple[str, Built | None]]:
    """Build a request of every value, in every style of a path by turns; None where it is refused."""
    kinds = [("simple", False), ("label", True), ("label", False), ("matrix", True), ("simple", True)]
    one = parameter("one", "path", allowReserved=True)
    found = [operation(PATH, one, parameter("two", "path", style=style, explode=explode)) for style, explode in kinds]
    for number, value in enumerate(values()):
        arguments = {"path": {"one": "x" if number % 2 else value, "two": value}}
        try:
            yield value, build(found[number % len(found)], {}, base, arguments, others=OTHERS)
        except Unbuildable as fault:
            assert str(fault).startswith("/path"), "a refusal names the place"
            yield value, None


def plainest(text: str) -> str:
    """Decode a path as often as anything can be decoded."""
    while (again := unicodedata.normalize("NFKC", unquote(text, errors="replace"))) != text:
        text = again
    return text


def escapes(target: str) -> bool:
    """Tell whether a raw request target leaves the operation, for a reader that decodes it as often as it can."""
    path, _, query = target.partition("?")
    segments = path.split("/")
    outside = len(segments) != 6 or (segments[0], segments[1], segments[2], segments[4]) != ("", "v1", "users", "files")
    climbs = any(part.partition(";")[0].strip() in (".", "..") for part in re.split(r"[/\\]", plainest(path)))
    odd = any(not SEGMENT.fullmatch(each) for each in segments)
    return bool(outside or climbs or odd or query)


def test_of_thousands_of_hostile_values_none_escapes(server: Echo) -> None:
    made = [(value, request) for value, request in requests(server.url)]
    through = [(value, request) for value, request in made if request is not None]
    assert len(made) >= 10_000 and len(through) > SENT, "a suite in which everything is refused shows nothing"
    for value, request in through:
        assert request.url.startswith(server.url + "/"), value
        assert not escapes(request.url.removeprefix(server.origin)), value
    for value, request in random.Random(SEED).sample(through, SENT):
        seen = server.sees(request)
        assert server.origin + seen.target == request.url, value
        assert not escapes(seen.target), value


@pytest.mark.parametrize(
    "target", ["/v1/users/a/files/../b", "/v1/users/a/files/%2e%2e", "/v1/users/a/files/b/c", "/v2/a/b"]
)
def test_the_suite_itself_would_notice(target: str) -> None:
    assert escapes(target)


@pytest.mark.parametrize(
    "value",
    ["", " ", ".", "..", "...", "../x", "x/../../y", "..\\x", "%2e%2e", "%252e%252e%252fx", "a%2f..%2fb", "x\r\ny",
     "x\x00", "%c0%ae%c0%ae", "%c0%ae/x", "．．", "．．／x", "‥", "%u002e%u002e", "..;/x", "..;", ".\u200b.",
     "..?", "..#x", "..%23", "x/..%253f",
     ".\u00ad./", ". ", "x/..", "%%32%65%%32%65", "a%0d%0ab", "a%00b", "%" + "25" * 12 + "2e", "。。/", "x∕..∕y", "/",
     "a//b", "a/", None, [], {}],
)  # fmt: skip
@pytest.mark.parametrize("style", ["simple", "label", "matrix"])
def test_path_values_that_would_lead_elsewhere_are_refused(value: Any, style: str) -> None:
    with pytest.raises(Unbuildable, match="/path"):
        built(operation("/a/{id}/b", parameter("id", "path", style=style)), path={"id": value})


@pytest.mark.parametrize(
    "value", ["..x", "x..y", "a.b", "a b", "50%", "100%25", "é", "e\u0301", "a;b", "日本", "~", "-", "a\\b"]
)
def test_what_only_looks_odd_is_sent(value: str) -> None:
    assert built(operation("/a/{id}/b", parameter("id", "path")), path={"id": value}).url.startswith(f"{BASE}/a/")


def test_values_side_by_side_make_no_dot_segment() -> None:
    found = operation("/a/{x}{y}", parameter("x", "path"), parameter("y", "path"))
    assert built(found, path={"x": "a", "y": "b"}).url == f"{BASE}/a/ab"
    with pytest.raises(Unbuildable, match="/path: expected a path without dot segments"):
        built(found, path={"x": "%2", "y": "e%2e"})


def test_a_slash_is_sent_unless_the_path_could_be_read_as_another_operations() -> None:
    found = operation("/repos/{repo}/contents/{path}", parameter("repo", "path"), parameter("path", "path"))
    others = (
        "GET /repos/{repo}",
        "GET /repos/{repo}/contents/{path}",
        "GET /repos/{repo}/contents/{path}/raw",
        "PUT /{a}/{b}/{c}/{d}/{e}",
    )

    def url(**path: str) -> str:
        return build(found, {}, BASE, {"path": path}, others=others).url

    assert url(repo="r", path="src/main.py") == f"{BASE}/repos/r/contents/src%2Fmain.py"
    for value in ("src/raw", "src%2Fraw", "src\\raw", "src%252Fraw"):
        with pytest.raises(Unbuildable, match=r"could be read as GET /repos/{repo}/contents/{path}/raw"):
            url(repo="r", path=value)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/v2/a", "http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1x/a", "https://127.0.0.1:1/v1/a",
     "http://127.0.0.1:2/v1/a", "http://evil.example/v1/a", "http://127.0.0.1:1@evil.example/v1/a",
     "http://u@127.0.0.1:1/v1/a", "http://127.0.0.1:1/v1/a#b", "http://127.0.0.1:1/v1/a b", "http://127.0.0.1:1/v1/é", "http://127.0.0.1:1\\@evil/v1/a",
     "http://127.0.0.1:1/v1/a\r\nx: y", "//127.0.0.1:1/v1/a", "http://127.0.0.1:1/v1/a?b\tc", "http://127.0.0.1:1/v1/%zz"],
)  # fmt: skip
def test_a_finished_url_is_read_again(url: str) -> None:
    check_url(f"{BASE}/a?b=c", BASE)
    with pytest.raises(Unbuildable, match="/path: expected a"):
        check_url(url, BASE)


@pytest.mark.parametrize("place", ["query", "header", "cookie"])
def test_no_other_argument_leaves_its_place_either(server: Echo, place: str) -> None:
    found = operation("/a", parameter("q", place, allowReserved=True), parameter("other", place))
    chance = random.Random(SEED)
    sent = 0
    for number in range(2_000):
        value = hostile(chance)
        try:
            request = build(found, {}, server.url, {place: {"q": value}})
        except Unbuildable as fault:
            assert str(fault).startswith(f"/{place}/q: expected")
            continue
        path, _, query = request.url.removeprefix(server.origin).partition("?")
        assert path == "/v1/a" and query.count("&") == 0 and "#" not in query and query.isascii()
        assert all(text.isprintable() and text.isascii() for _, text in request.headers)
        if number % 20 == 0:
            seen = server.sees(request)
            assert server.origin + seen.target == request.url
            assert seen.query == ([("q", value)] if place == "query" else [])
            assert set(seen.headers) <= {"host", "accept", "accept-encoding", "connection", "user-agent", "q"}
            sent += 1
    assert sent > 10
