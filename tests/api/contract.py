"""Hold every request and answer of the tests against the service's own OpenAPI document, with openapi-core."""

import json
from functools import cache
from typing import Any

import httpx
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.exceptions import PathError
from werkzeug.datastructures import Headers, ImmutableMultiDict

PAGES = ("text/html", "text/css", "text/javascript", "image/svg+xml")
"""What is for people to look at is no part of the REST API."""


class SentRequest:
    """Show an httpx request to openapi-core."""

    def __init__(self, request: httpx.Request, body: bytes):
        self.host_url = f"{request.url.scheme}://{request.url.netloc.decode()}"
        self.path = request.url.path
        self.method = request.method.lower()
        self.content_type = request.headers.get("content-type", "").lower()
        self.body = body or None
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(request.url.params.multi_items()),
            header=Headers(list(request.headers.items())),
            cookie=ImmutableMultiDict(),
        )


class ReceivedResponse:
    """Show an httpx response to openapi-core."""

    def __init__(self, response: httpx.Response):
        self.status_code = response.status_code
        self.content_type = response.headers.get("content-type", "")
        self.headers = Headers(list(response.headers.items()))
        self.data = response.content


class Contract:
    """Know the document of the service under test."""

    def __init__(self, document: dict[str, Any]):
        self.document = document
        config = Config(
            extra_media_type_deserializers={
                "application/problem+json": json.loads,
                "application/schema+json": json.loads,
            }
        )
        self._openapi = OpenAPI.from_dict(document, config=config)

    def check(self, response: httpx.Response, body: bytes) -> None:
        """Fail where an answer is not as described, or where the document and the service differ about a request."""
        request = SentRequest(response.request, body)
        fault = self._fault(request)
        if isinstance(fault, PathError):
            page = response.headers.get("content-type", "").partition(";")[0] in PAGES
            undocumented = page or request.path == "/openapi.json" or response.status_code in (404, 405)
            assert undocumented, f"{request.method} {request.path} is served, but not documented"
            return
        self._openapi.validate_response(request, ReceivedResponse(response))
        served = response.status_code < 400
        assert not (served and fault), f"the document refuses a request that was served: {fault!r}"

    def _fault(self, request: SentRequest) -> Exception | None:
        try:
            self._openapi.validate_request(request)
        except (OpenAPIError, RecursionError) as fault:
            return fault
        return None


@cache
def contract(document: bytes) -> Contract:
    """Return the contract that a document states; reading it takes longer than most tests."""
    return Contract(json.loads(document))


class CheckedTransport(httpx.AsyncHTTPTransport):
    """Check every exchange that passes, streams excepted."""

    contract: Contract | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, check the whole exchange, and give the answer."""
        response = await super().handle_async_request(request)
        if self.contract and not response.headers["content-type"].startswith("text/event-stream"):
            response.request = request
            body = await request.aread()
            await response.aread()
            self.contract.check(response, body)
        return response
