"""The form of everything that is stored is served."""

import json

import httpx
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from domain.upcasting import KNOWN_TOPICS
from ops.setup.schemas import FOLDER, committed
from tests.api.conftest import Parts, finish, problem


async def test_every_schema_is_listed_and_served_as_it_is_committed(reader: httpx.AsyncClient) -> None:
    listed = (await reader.get("/schemas")).json()["schemas"]
    files = committed(FOLDER)
    assert {each["type"] for each in listed if each["kind"] == "event"} == KNOWN_TOPICS
    for each in listed:
        response = await reader.get(each["href"])
        assert response.headers["content-type"] == "application/schema+json"
        assert response.text == files[f"{each['kind']}s/{each['type']}.json"]
        assert each["description"] in response.json()["description"]
    assert len(listed) == len(files) - 1, "the GraphQL schema is the only other file"


async def test_an_unknown_type_is_answered_with_its_neighbours(reader: httpx.AsyncClient) -> None:
    told = problem(await reader.get("/schemas/session.call-requestd.v1"), 404, "not-found")
    assert "session.call-requested.v1" in told and "/schemas" in told
    assert "perhaps" not in problem(await reader.get("/schemas/zzz"), 404, "not-found")


async def test_what_a_session_stores_and_what_is_shown_of_it_is_as_published(
    client: httpx.AsyncClient, parts: Parts, tools: dict[str, object]
) -> None:
    async def check(name: str, value: object) -> None:
        Draft202012Validator((await client.get(f"/schemas/{name}")).json()).validate(value)

    started = await finish(client, parts)
    await check("orchestrated", started)
    session = (await client.get(f"/sessions/{started['sessionId']}")).json()
    await check("session", session)
    for name, shown in (("task", session["tasks"]), ("action", session["actions"])):
        assert shown
        for each in shown:
            await check(name, each)
    for row in await parts.store.read_log(0, 500):
        await check(row.topic, json.loads(row.state))
