"""Values are written in every style as OpenAPI and RFC 6570 have it; what a style cannot say is refused."""

from typing import Any

import pytest

from adapters.openapi.reading.operations import read_operation
from adapters.openapi.requests.build import build
from adapters.openapi.requests.built import Unbuildable
from domain.encoding import parse
from tests.adapters.openapi.requests.making import BASE, built, header, operation, parameter

LIST = ["blue", "black", "brown"]
OBJECT = {"R": 100, "G": 200, "B": 150}


def path(style: dict[str, Any], value: Any) -> str:
    found = built(operation("/a/{color}", parameter("color", "path", **style)), path={"color": value})
    return found.url.removeprefix(f"{BASE}/a/")


def query(style: dict[str, Any], value: Any) -> str:
    found = built(operation("/a", parameter("color", "query", **style)), query={"color": value})
    return found.url.removeprefix(f"{BASE}/a")


def in_header(style: dict[str, Any], value: Any) -> str:
    found = operation("/a", parameter("Color", "header", **style))
    return header(built(found, header={"Color": value}), "color")


def cookie(style: dict[str, Any], value: Any) -> str:
    found = operation("/a", parameter("color", "cookie", **style))
    return header(built(found, cookie={"color": value}), "cookie")


def style(name: str, explode: bool | None = None, **more: Any) -> dict[str, Any]:
    return {"style": name, **({} if explode is None else {"explode": explode}), **more}


@pytest.mark.parametrize(
    ("how", "value", "expected"),
    [
        ({}, "blue", "blue"),
        ({}, LIST, "blue,black,brown"),
        ({}, OBJECT, "B,150,G,200,R,100"),
        (style("simple", True), LIST, "blue,black,brown"),
        (style("simple", True), OBJECT, "B=150,G=200,R=100"),
        (style("label"), "blue", ".blue"),
        (style("label", False), LIST, ".blue,black,brown"),
        (style("label", True), LIST, ".blue.black.brown"),
        (style("label", False), OBJECT, ".B,150,G,200,R,100"),
        (style("label", True), OBJECT, ".B=150.G=200.R=100"),
        (style("matrix"), "blue", ";color=blue"),
        (style("matrix", False), LIST, ";color=blue,black,brown"),
        (style("matrix", True), LIST, ";color=blue;color=black;color=brown"),
        (style("matrix", False), OBJECT, ";color=B,150,G,200,R,100"),
        (style("matrix", True), OBJECT, ";B=150;G=200;R=100"),
        ({"content": {"application/json": {}}}, {"b": 1, "a": [2]}, "%7B%22a%22%3A%5B2%5D%2C%22b%22%3A1%7D"),
        ({}, ["a,b", "c"], "a%2Cb,c"),
        ({"allowReserved": True}, "a:b@c", "a:b@c"),
        ({"allowReserved": True}, ["a,b", "c:d"], "a%2Cb,c:d"),
        ({"allowReserved": True}, "a?b#c%", "a%3Fb%23c%25"),
    ],
)
def test_path_styles(how: dict[str, Any], value: Any, expected: str) -> None:
    assert path(how, value) == expected


@pytest.mark.parametrize(
    ("how", "value", "expected"),
    [
        ({}, "a&b=c d+é", "?color=a%26b%3Dc%20d%2B%C3%A9"),
        ({}, "", "?color="),
        ({}, None, "?color="),
        ({}, False, "?color=false"),
        ({}, LIST, "?color=blue&color=black&color=brown"),
        (style("form", False), LIST, "?color=blue,black,brown"),
        ({}, OBJECT, "?B=150&G=200&R=100"),
        (style("form", False), OBJECT, "?color=B,150,G,200,R,100"),
        (style("spaceDelimited", False), LIST, "?color=blue%20black%20brown"),
        (style("spaceDelimited", False), OBJECT, "?color=B%20150%20G%20200%20R%20100"),
        (style("pipeDelimited", False), LIST, "?color=blue%7Cblack%7Cbrown"),
        (style("pipeDelimited", False), OBJECT, "?color=B%7C150%7CG%7C200%7CR%7C100"),
        (style("pipeDelimited", True), LIST, "?color=blue&color=black&color=brown"),
        (style("deepObject"), OBJECT, "?color%5BB%5D=150&color%5BG%5D=200&color%5BR%5D=100"),
        (style("deepObject"), {"a": {"b": ["x", {"c": None}]}}, "?color%5Ba%5D%5Bb%5D%5B0%5D=x"
                                                                "&color%5Ba%5D%5Bb%5D%5B1%5D%5Bc%5D="),
        (style("deepObject"), LIST[:2], "?color%5B0%5D=blue&color%5B1%5D=black"),
        (style("deepObject"), "blue", "?color=blue"),
        (style("form", False), ["a,b", "c"], "?color=a%2Cb,c"),
        ({"allowReserved": True}, "http://x/y?z=1&a#b+c[%41]", "?color=http://x/y?z%3D1%26a%23b%2Bc%5B%2541%5D"),
        (style("form", False, allowReserved=True), ["a,b", "c/d"], "?color=a%2Cb,c/d"),
        ({"content": {"application/json": {}}}, {"x": [1]}, "?color=%7B%22x%22%3A%5B1%5D%7D"),
        ({"content": {"application/json": {}}}, None, "?color=null"),
        ({"content": {"text/plain": {}}}, "a b", "?color=a%20b"),
        ({"content": {"application/x-www-form-urlencoded": {}}}, {"a": ["1", "2"]}, "?color=a%3D1%26a%3D2"),
        ({}, [], ""), ({}, {}, ""), (style("form", False), [], ""), (style("deepObject"), {}, ""),
        (style("deepObject"), {"a": []}, ""), ({}, [None, ""], "?color=&color="),
    ],
)  # fmt: skip
def test_query_styles(how: dict[str, Any], value: Any, expected: str) -> None:
    assert query(how, value) == expected


@pytest.mark.parametrize(
    ("how", "value", "expected"),
    [
        ({}, "a b, c", "a b, c"),
        ({}, LIST, "blue,black,brown"),
        (style("simple", False), OBJECT, "B,150,G,200,R,100"),
        (style("simple", True), OBJECT, "B=150,G=200,R=100"),
        ({"content": {"application/json": {}}}, {"a": "é😀\n"}, '{"a":"\\u00e9\\ud83d\\ude00\\n"}'),
        ({}, None, ""),
        ({}, [], ""),
    ],
)
def test_header_styles(how: dict[str, Any], value: Any, expected: str) -> None:
    assert in_header(how, value) == expected


@pytest.mark.parametrize(
    ("how", "value", "expected"),
    [
        ({}, "a;b é", "color=a%3Bb%20%C3%A9"),
        (style("form", False), LIST, "color=blue,black,brown"),
        ({}, LIST, "color=blue; color=black; color=brown"),
        ({}, OBJECT, "B=150; G=200; R=100"),
        (style("cookie"), "a/b%20=", "color=a/b%20="),
        (style("cookie", True), LIST[:2], "color=blue; color=black"),
        ({"content": {"application/json": {}}}, {"a": 1}, "color=%7B%22a%22%3A1%7D"),
        ({}, None, "color="),
        ({}, [], ""),
    ],
)
def test_cookie_styles(how: dict[str, Any], value: Any, expected: str) -> None:
    assert cookie(how, value) == expected


@pytest.mark.parametrize(
    ("collection", "expected"),
    [("csv", "?color=a,b"), ("ssv", "?color=a%20b"), ("tsv", "?color=a%09b"), ("pipes", "?color=a%7Cb"),
     ("multi", "?color=a&color=b")],
)  # fmt: skip
def test_collection_formats_of_swagger(collection: str, expected: str) -> None:
    raw = {"name": "color", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": collection}
    tree = {"swagger": "2.0", "paths": {"/a": {"get": {"parameters": [raw]}}}}
    found = built(read_operation(tree, "GET", "/a"), query={"color": ["a", "b"]})
    assert found.url.removeprefix(f"{BASE}/a") == expected


@pytest.mark.parametrize(
    ("media_type", "value", "expected"),
    [
        ("application/x-www-form-urlencoded", {"b": 1, "a": ["x y", "z"]}, "?a=x%20y&a=z&b=1"),
        ("application/json", {"b": 1}, "?%7B%22b%22%3A1%7D"),
        ("text/plain", "a&b", "?a%26b"),
    ],
)
def test_a_query_may_be_one_value_as_a_whole(media_type: str, value: Any, expected: str) -> None:
    found = operation("/a", {"name": "all", "in": "querystring", "content": {media_type: {}}})
    assert built(found, query={"all": value}).url == f"{BASE}/a{expected}"


def swagger_query(items: dict[str, Any], collection: str, value: Any) -> str:
    raw = {"name": "c", "in": "query", "type": "array", "items": items, "collectionFormat": collection}
    tree = {"swagger": "2.0", "paths": {"/a": {"get": {"parameters": [raw]}}}}
    return build(read_operation(tree, "GET", "/a"), tree, BASE, {"query": {"c": value}}).url.removeprefix(f"{BASE}/a")


def lists(collection: str, items: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "array", "collectionFormat": collection, "items": items or {"type": "string"}}


@pytest.mark.parametrize(
    ("items", "collection", "value", "expected"),
    [
        (lists("pipes"), "csv", [["a", "b"], ["c"]], "?c=a%7Cb,c"),
        (lists("csv"), "pipes", [["a", "b"], ["c"]], "?c=a%2Cb%7Cc"),
        (lists("csv"), "multi", [["a", "b"], ["c"]], "?c=a%2Cb&c=c"),
        (lists("ssv", lists("pipes")), "csv", [[["a", "b"], ["c"]], [["d"]]], "?c=a%7Cb%20c,d"),
    ],
)
def test_lists_within_lists_of_swagger_have_their_own_formats(
    items: dict[str, Any], collection: str, value: Any, expected: str
) -> None:
    assert swagger_query(items, collection, value) == expected


@pytest.mark.parametrize(
    ("items", "value", "reason"),
    [
        (lists("csv"), [["a"], ["b"]], "not empty, each kind set apart"),
        (lists("pipes"), [["a"], []], "not empty, each kind set apart"),
        (lists("pipes"), [["a|b"], ["c"]], "no '\\|' in 'a\\|b'"),
        (lists("pipes"), [[["a"]]], "no values nested this deep"),
    ],
)
def test_lists_within_lists_that_no_reader_could_tell_apart_are_refused(
    items: dict[str, Any], value: Any, reason: str
) -> None:
    with pytest.raises(Unbuildable, match=f"/query/c: .*{reason}"):
        swagger_query(items, "csv", value)


def test_beside_a_whole_query_nothing_else_is_written() -> None:
    found = operation(
        "/a", {"name": "all", "in": "querystring", "content": {"text/plain": {}}}, parameter("q", "query")
    )
    with pytest.raises(Unbuildable, match="/query: expected nothing beside 'all'"):
        built(found, query={"all": "x", "q": 1})


@pytest.mark.parametrize(
    ("how", "value", "reason"),
    [
        ({}, {"x": {"y": 1}}, "no values nested this deep"),
        ({}, [["x"]], "no values nested this deep"),
        (style("form", False), {"x": [1]}, "no values nested this deep"),
        (style("spaceDelimited", False), ["a b", "c"], "no ' ' in 'a b'"),
        (style("pipeDelimited", False), ["a|b", "c"], "no '\\|' in 'a\\|b'"),
        (style("deepObject"), {"a][b": 1}, "no brackets in the name"),
        (style("deepObject"), parse('{"a":' * 30 + "1" + "}" * 30), "nested at most 20 deep"),
        ({"required": True}, [], "at least one member"),
        ({}, "\ud800", "half of a character"),
        ({"content": {"text/plain": {}}}, {"a": 1}, "expected a text"),
    ],
)
def test_what_a_query_cannot_say_is_refused(how: dict[str, Any], value: Any, reason: str) -> None:
    with pytest.raises(Unbuildable, match=f"/query/color: .*{reason}"):
        query(how, value)


@pytest.mark.parametrize(
    ("how", "value"),
    [(style("label", True), ["a.b", "c"]), (style("matrix"), None), ({}, [None]), ({}, [""]), ({}, [{"a": 1}]),
     (style("label"), "."), (style("label"), "/..")],
)  # fmt: skip
def test_what_a_path_cannot_say_is_refused(how: dict[str, Any], value: Any) -> None:
    with pytest.raises(Unbuildable, match="/path/color: expected"):
        path(how, value)


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "ü", "\x00", "\x7f", " a", "a\t", ["a,b", "c"], "\u2028"])
def test_header_values_stay_in_their_line_and_between_their_commas(value: Any) -> None:
    with pytest.raises(Unbuildable, match="/header/Color: expected"):
        in_header({}, value)


@pytest.mark.parametrize("value", ["a;b", "a b", 'a"b', "é", "a\\b", "a\r\nb"])
def test_a_cookie_that_is_written_as_it_is_holds_what_cookies_hold(value: str) -> None:
    with pytest.raises(Unbuildable, match="/cookie/color: expected"):
        cookie(style("cookie"), value)


@pytest.mark.parametrize("place", ["query", "cookie"])
def test_a_member_of_one_parameter_never_passes_for_another(place: str) -> None:
    found = operation("/a", parameter("filter", place), parameter("admin", place))
    with pytest.raises(Unbuildable, match=f"/{place}/filter: expected no member 'admin'"):
        build(found, {}, BASE, {place: {"filter": {"admin": "true"}}})


def test_the_order_in_which_members_were_given_changes_nothing() -> None:
    found = operation("/a", parameter("f", "query"), parameter("d", "query", style="deepObject"))
    one = built(found, query={"f": {"b": 1, "a": 2}, "d": {"y": {"n": 1, "m": 2}, "x": 1}})
    other = built(found, query={"d": {"x": 1, "y": {"m": 2, "n": 1}}, "f": {"a": 2, "b": 1}})
    assert one == other
