"""What is remembered is found by what it means, by those who may know it, until it is forgotten."""

import json
from typing import Any

import httpx

from adapters.identity import TokenIssuer
from tests.api.conftest import problem
from tests.api.graphql.conftest import ask, refused
from tests.api.test_auth import bearer, guarded, issuer

__all__ = ["guarded", "issuer"]


async def remembered(client: httpx.AsyncClient, text: str, headers: dict[str, str] | None = None, **said: Any) -> Any:
    """Remember a text; give the answer."""
    response = await client.post("/memory", json={"text": text, **said}, headers=headers or {})
    assert response.status_code == 201, response.text
    return response.json()


async def found(client: httpx.AsyncClient, headers: dict[str, str] | None = None, **asked: Any) -> list[dict[str, Any]]:
    """Search; give the memories."""
    response = await client.get("/memory/search", params=asked, headers=headers or {})
    assert response.status_code == 200, response.text
    memories: list[dict[str, Any]] = response.json()["memories"]
    return memories


async def test_what_is_remembered_is_found_by_what_it_says_and_gone_once_forgotten(client: httpx.AsyncClient) -> None:
    await remembered(client, "The warehouse in Linz closes at noon on Fridays.", subject="Linz")
    mugs = await remembered(client, "Blue mugs are sold out until spring.", kind="entity", subject="blue mug")
    (first, *_) = await found(client, q="when are blue mugs in stock again?", after=mugs["position"])
    assert (first["id"], first["kind"], first["subject"]) == (mugs["id"], "entity", "blue mug")
    assert first["label"] == {"sources": ["human:local"], "trusted": True, "private": False}
    assert first["score"]["score"] > 0

    gone = (await client.request("DELETE", f"/memory/{mugs['id']}", json={"reason": "they are back"})).json()
    assert [each["subject"] for each in await found(client, q="blue mugs", after=gone["position"])] == ["Linz"]
    problem(await client.delete(f"/memory/{mugs['id']}"), 404, "not-found")


async def test_the_same_request_remembers_once(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "once"}
    first = await remembered(client, "Mugs are blue.", key)
    assert await remembered(client, "Mugs are blue.", key) == first
    assert len(await found(client, after=first["position"])) == 1
    problem(await client.post("/memory", json={"text": "Mugs are red."}, headers=key), 422, "command-reused")


async def test_without_a_question_all_are_listed_in_pages_the_newest_first(client: httpx.AsyncClient) -> None:
    last = [await remembered(client, f"Fact number {number}.") for number in range(5)][-1]
    seen: list[str] = []
    cursor = None
    while True:
        asked = {"limit": 2, "after": last["position"], **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/memory/search", params=asked)).json()
        seen += [each["text"] for each in page["memories"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"Fact number {number}." for number in (4, 3, 2, 1, 0)]


UNREMEMBERED = (
    {"text": "  "},
    {"text": "x" * 8_001},
    {"text": "x", "kind": "gossip"},
    {"text": "x", "kind": "entity"},
    {"text": "x", "subject": "y" * 201},
    {"text": "x\0y"},
)


async def test_what_cannot_be_remembered_is_refused_and_nothing_is_stored(client: httpx.AsyncClient) -> None:
    for body in UNREMEMBERED:
        problem(await client.post("/memory", json=body), 400, "invalid")
    assert await found(client) == []
    for asked in ({"q": "x" * 1_001}, {"q": " "}, {"subject": "\0"}, {"q": "x", "source": "\0"}):
        problem(await client.get("/memory/search", params=asked), 400, "invalid")


async def test_each_knows_his_own_and_his_tenants_and_nobody_elses(guarded: Any, issuer: TokenIssuer) -> None:
    ada, bob = bearer(issuer, "ada", "operator"), bearer(issuer, "bob", "operator")
    boss, other = bearer(issuer, "boss", "admin"), bearer(issuer, "ada", "admin", tenant="other")
    async with guarded() as client:
        hers = await remembered(client, "Ada likes aisle seats.", ada)
        shared = await remembered(client, "Flights are booked with Alpine Air.", boss, shared=True)
        problem(await client.post("/memory", json={"text": "x", "shared": True}, headers=ada), 403, "forbidden")
        after = shared["position"]
        assert {each["id"] for each in await found(client, ada, q="seats flights", after=after)} == {
            hers["id"],
            shared["id"],
        }
        assert [each["id"] for each in await found(client, bob, q="aisle seats", after=after)] == [shared["id"]]
        assert await found(client, bob, q="aisle seats", own=True) == []
        assert await found(client, other, q="aisle seats") == []
        for stranger, memory in ((bob, hers), (other, hers), (other, shared)):
            problem(await client.delete(f"/memory/{memory['id']}", headers=stranger), 404, "not-found")
        problem(await client.delete(f"/memory/{shared['id']}", headers=ada), 403, "forbidden")
        viewer = bearer(issuer, "ada", "viewer")
        problem(await client.post("/memory", json={"text": "x"}, headers=viewer), 403, "forbidden")
        assert (await client.delete(f"/memory/{hers['id']}", headers=boss)).status_code == 200


async def test_graphql_finds_the_same_within_what_its_caller_may_know(client: httpx.AsyncClient) -> None:
    mugs = await remembered(client, "Blue mugs are sold out until spring.", trusted=False)
    await found(client, after=mugs["position"])
    query = "query($q: String, $f: MemoryFilter) { memory(search: $q, filter: $f) { id text trusted score } }"

    async def asked(**variables: Any) -> Any:
        response = await client.post("/graphql", json={"query": query, "variables": variables})
        return response.json()

    (first,) = (await asked(q="blue mugs"))["data"]["memory"]
    assert (first["id"], first["trusted"], first["score"] > 0) == (mugs["id"], False, True)
    assert (await asked(q="blue mugs", f={"trusted": True}))["data"]["memory"] == []
    assert (await asked())["data"]["memory"][0]["score"] is None
    assert "a kind out of" in (await asked(f={"kind": "gossip"}))["errors"][0]["message"]


ADD = (
    "mutation ($m: MemoryInput!, $key: String) { addMemory(memory: $m, idempotencyKey: $key) { id version position } }"
)
FORGET = 'mutation ($id: ID!) { forgetMemory(id: $id, reason: "it was wrong") { id version position } }'
NEWEST = "query ($after: String) { memory(first: 2, after: $after) { text kind subject private cursor } }"
OVERVIEW = (
    "{ memoryOverview { memories embedder spaces { name vectors searched } caches { name hits misses entries most } } }"
)


async def test_memories_are_written_paged_and_forgotten_over_graphql(client: httpx.AsyncClient) -> None:
    said = {"text": "Mugs are blue.", "kind": "entity", "subject": "mug", "private": True}
    first = (await ask(client, ADD, m=said, key="once"))["addMemory"]
    assert first["version"] == 2 and (await ask(client, ADD, m=said, key="once"))["addMemory"] == first
    last = [(await ask(client, ADD, m={"text": f"Fact number {number}."}))["addMemory"] for number in range(3)][-1]
    await found(client, after=last["position"])
    page = (await ask(client, NEWEST))["memory"]
    rest = (await ask(client, NEWEST, after=page[-1]["cursor"]))["memory"]
    assert [each["text"] for each in (*page, *rest)] == [*(f"Fact number {n}." for n in (2, 1, 0)), "Mugs are blue."]
    assert (rest[-1]["kind"], rest[-1]["subject"], rest[-1]["private"]) == ("entity", "mug", True)

    gone = (await ask(client, FORGET, id=first["id"]))["forgetMemory"]
    assert [each["text"] for each in await found(client, q="mugs", kind="entity", after=gone["position"])] == []
    assert (await refused(client, FORGET, id=first["id"]))[0] == "NOT_FOUND"
    wrongs = ({"text": " "}, {"text": "x", "kind": "gossip"}, {"text": "x\0y"})
    for wrong in wrongs:
        assert (await refused(client, ADD, m=wrong))[0] == "INVALID"
    lone = json.dumps({"query": ADD, "variables": {"m": {"text": "\ud800"}}})
    response = await client.post("/graphql", content=lone, headers={"Content-Type": "application/json"})
    assert response.status_code < 500 and "INTERNAL" not in response.text, response.text


async def test_graphql_lets_nobody_write_what_rest_does_not(guarded: Any, issuer: TokenIssuer) -> None:
    ada, bob = bearer(issuer, "ada", "operator"), bearer(issuer, "bob", "operator")
    viewer, other = bearer(issuer, "ada", "viewer"), bearer(issuer, "ada", "admin", tenant="other")
    async with guarded() as client:

        async def answered(query: str, headers: dict[str, str], **variables: Any) -> Any:
            body = {"query": query, "variables": variables}
            return (await client.post("/graphql", json=body, headers=headers)).json()

        hers = (await answered(ADD, ada, m={"text": "Ada likes aisle seats."}))["data"]["addMemory"]
        for headers, said in ((viewer, {"text": "x"}), (ada, {"text": "x", "shared": True})):
            assert (await answered(ADD, headers, m=said))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        for headers in (bob, other):
            assert (await answered(FORGET, headers, id=hers["id"]))["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        await found(client, ada, after=hers["position"])
        assert [each["text"] for each in (await answered(NEWEST, ada))["data"]["memory"]] == ["Ada likes aisle seats."]
        for headers in (bob, other):
            assert (await answered(NEWEST, headers))["data"]["memory"] == []


async def test_the_overview_counts_what_is_remembered_and_what_was_known_already(client: httpx.AsyncClient) -> None:
    await remembered(client, "Mugs are blue.")
    last = await remembered(client, "Mugs are red.")
    before = (await client.get("/memory", params={"after": last["position"]})).json()
    for _ in range(3):
        await found(client, q="blue mugs")
    after = (await client.get("/memory")).json()
    assert (after["memories"], after["embedder"]) == (2, "hashing")
    assert after["spaces"] == [{"name": "hashing/1/384", "vectors": 2, "searched": True}]

    def embeddings(shown: dict[str, Any]) -> dict[str, int]:
        counted: dict[str, int] = next(each for each in shown["caches"] if each["name"] == "embeddings")
        return counted

    first, then = embeddings(before), embeddings(after)
    assert (then["hits"] - first["hits"], then["misses"] - first["misses"]) == (2, 1)
    assert then["entries"] == first["entries"] + 1 <= then["most"]
    assert "templates" in {each["name"] for each in after["caches"]}
    assert (await ask(client, OVERVIEW))["memoryOverview"] == after


async def test_what_happened_in_a_session_is_found_by_words_for_its_tenant(
    client: httpx.AsyncClient, started: dict[str, Any]
) -> None:
    asked = {"q": "blue mugs ordered", "session": started["sessionId"], "after": started["position"]}
    answered = (await client.get("/memory/search", params=asked)).json()
    assert answered["memories"] == []
    assert "session.goal-submitted.v1" in [each["type"] for each in answered["episodes"]]
    nothing = (await client.get("/memory/search", params={**asked, "q": "zebra"})).json()
    assert nothing["episodes"] == []
    query = "query ($id: ID!, $q: String!) { session(id: $id) { episodes(search: $q) { type title version } } }"
    over = (await ask(client, query, id=started["sessionId"], q="blue mugs ordered"))["session"]["episodes"]
    assert [each["type"] for each in over] == [each["type"] for each in answered["episodes"]]
    assert (await refused(client, query, id=started["sessionId"], q=" "))[0] == "INVALID"
    problem(await client.get("/memory/search", params={**asked, "session": "x"}), 400, "invalid")
    semantic = (await client.get("/memory/search", params={**asked, "kind": "semantic"})).json()
    assert semantic["episodes"] == []
