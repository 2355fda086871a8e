"""Lay out a page of the documentation, in the look of the explorer and under the same strict policy."""

from litestar import Response

from api.docs.html import Content, Html, tag
from api.explorer.page import HEADERS

PAGES = {
    "/docs": "REST",
    "/docs/graphql": "GraphQL",
    "/docs/schemas": "Schemas",
    "/docs/problems": "Problems",
    "/explorer": "Explorer",
}


def page(path: str, title: str, body: Content, contents: Content = None) -> Response[str]:
    """Answer with a page; ``contents`` is the list at its side."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title if path == "/docs" else f"{title} · Reprise"),
        tag("link", rel="icon", href="/explorer/icon.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href="/explorer/style.css"),
        tag("link", rel="stylesheet", href="/docs/docs.css"),
        # Only takes over the theme that was chosen in the explorer.
        tag("script", src="/explorer/theme.js"),
    )
    side = tag("nav", contents, class_="contents", **{"aria-label": "On this page"}) if contents else None
    main = tag("main", tag("h1", title), body)
    shown = tag("body", _bar(path), tag("div", side, main, class_="sheet"), class_="docs")
    return Response(f"<!doctype html>{tag('html', head, shown, lang='en')}", media_type="text/html", headers=HEADERS)


def _bar(path: str) -> Html:
    links = [
        tag("a", name, href=href, **{"aria-current": "page" if path == href else None}) for href, name in PAGES.items()
    ]
    return tag("header", tag("a", "Reprise", href="/docs", class_="brand"), tag("nav", links), class_="bar")
