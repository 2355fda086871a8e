"""Use the service over REST as a stubborn client and a careful human, and write down what it acknowledged."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from ops.sample.shop import RunningShop
from ops.sample.shop_control import Count
from tests.chaos.cluster import Cluster
from tests.chaos.shops import APIS, SLOW_MS, goal

KINDS = ("ship", "look", "pair", "detour")
LIMITS = {
    "attemptTimeoutMs": 1_500,
    "modelTimeoutMs": 3_000,
    "callAttempts": 20,
    "callTimeoutMs": 600_000,
    "retryBaseMs": 100,
    "retryCapMs": 1_000,
}
CALL_ATTEMPTS = (LIMITS["callAttempts"], 1, 2)
"""Some sessions give calls up soon, whatever the shop makes of keys."""
LOOK_AFTER_SECONDS = SLOW_MS / 1000 + 2.0
"""A request may take effect that long after nobody waits for it any more; only then can a human know."""
GIVES_UP_BLINDLY = 0.5
"""How often a human does not look: what becomes a dead letter then may have happened."""


class Client:
    """Send requests until they are answered, wherever the API is served by then."""

    def __init__(self, cluster: Cluster, http: httpx.AsyncClient, chance: random.Random):
        self.models = cluster.models
        self._cluster, self._http, self._chance = cluster, http, chance

    async def read(self, path: str) -> Any:
        """Read until an answer comes."""
        return (await self._until_answered("GET", path, None, None)).json()

    async def write(self, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        """Write under an idempotency key until it is acknowledged or refused."""
        while True:
            response = await self._until_answered("POST", path, body, {"Idempotency-Key": key})
            if not (response.status_code == 409 and response.json()["type"].endswith("/conflict")):
                return response

    async def _until_answered(self, method: str, path: str, body: Any, headers: Any) -> httpx.Response:
        while True:
            with suppress(httpx.TransportError):
                if urls := self._cluster.urls():
                    url = self._chance.choice(urls) + path
                    response = await self._http.request(method, url, json=body, headers=headers)
                    if response.status_code < 500:
                        return response
                    assert response.status_code == 503, response.text
            await asyncio.sleep(0.2)


@dataclass
class Acknowledged:
    """Hold what the API acknowledged: sessions by idempotency key, positions with their session, events by position.

    ``replays`` counts the orders to send a dead letter again; ``discards`` names those that were closed.
    """

    sessions: dict[str, str] = field(default_factory=dict)
    positions: dict[int, str] = field(default_factory=dict)
    events: dict[int, str] = field(default_factory=dict)
    decisions: dict[str, str] = field(default_factory=dict)
    replays: Counter[str] = field(default_factory=Counter)
    discards: set[str] = field(default_factory=set)


@dataclass
class Load:
    """Start sessions, answer what they ask, and read along."""

    client: Client
    chance: random.Random
    shops: dict[str, RunningShop]
    acknowledged: Acknowledged = field(default_factory=Acknowledged)
    look_after: float = LOOK_AFTER_SECONDS
    _number: int = 0

    async def register(self, document: Callable[[str, RunningShop], dict[str, Any]]) -> None:
        """Register both shops."""
        for api, shop in self.shops.items():
            body = {"name": api, "document": document(api, shop), "allowPrivate": True}
            response = await self.client.write("/tools", body, f"register-{api}")
            assert response.status_code == 201, response.text

    async def start(self, kind: str = "", api: str = "", limits: dict[str, int] = LIMITS) -> None:
        """Start one session; now and then the client sends its request twice at once."""
        self._number += 1
        number = self._number
        key = f"start-{number}"
        kind, api = kind or self.chance.choice(KINDS), api or self.chance.choice(APIS)
        body = {"goal": goal(kind, number), "model": self.client.models[api], "constraints": {"limits": limits}}
        twice = 2 if self.chance.random() < 0.2 else 1
        answers = await asyncio.gather(*(self.client.write("/orchestrate", body, key) for _ in range(twice)))
        for answer in answers:
            assert answer.status_code == 201, answer.text
            told = answer.json()
            session = self.acknowledged.sessions.setdefault(key, told["sessionId"])
            assert session == told["sessionId"], f"{key} started two sessions"
            self.acknowledged.positions[number_of(told["position"])] = session

    async def keep_starting(self, every: float, until: asyncio.Future[None]) -> None:
        """Start sessions, without waiting for one another, until something is done; return when all were started."""
        async with asyncio.TaskGroup() as tasks:
            while not until.done():
                tasks.create_task(self.start(limits=LIMITS | {"callAttempts": self.chance.choice(CALL_ATTEMPTS)}))
                await asyncio.wait([until], timeout=every)

    async def answer_questions(self) -> None:
        """Answer as a human for ever: allow every call, and say what became of those whose outcome is unknown.

        A list that is behind shows questions that were answered; a human who is asked twice says the same twice.
        """
        busy: set[str] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                for question in (await self.client.read("/approvals?limit=200"))["approvals"]:
                    if question["id"] not in busy:
                        busy.add(question["id"])
                        task = tasks.create_task(self._answer(question))
                        task.add_done_callback(partial(_remove, busy, question["id"]))
                await asyncio.sleep(0.3)

    async def _answer(self, question: dict[str, Any]) -> None:
        decision = self.acknowledged.decisions.get(question["id"]) or await self._decision(question)
        body = {"decision": decision, "reason": "a human looked"}
        answer = await self.client.write(f"/approvals/{question['id']}", body, f"decide-{question['id']}")
        if answer.status_code == 200:
            told = answer.json()
            self.acknowledged.positions[number_of(told["position"])] = told["sessionId"]
            self.acknowledged.decisions[question["id"]] = decision
        else:  # a late answer of the tool may have settled the question meanwhile
            assert answer.status_code in (404, 409), answer.text

    async def _decision(self, question: dict[str, Any]) -> str:
        """Allow a call; give one up whose outcome is unknown where nothing happened, or now and then without a look."""
        if question["question"] == "call":
            return "approve"
        if self.chance.random() < GIVES_UP_BLINDLY:
            return "give-up"
        await asyncio.sleep(self.look_after)
        actions = (await self.client.read(f"/sessions/{question['sessionId']}"))["actions"]
        keys = [each["idempotencyKey"] for each in actions if each["requestDigest"] == question["requestDigest"]]
        return "happened" if any(self.count(key).writes for key in keys) else "give-up"

    def count(self, key: str) -> Count:
        """Count what reached both shops under a key, and what took effect there."""
        counts = [shop.counts().keys.get(key, Count()) for shop in self.shops.values()]
        return Count(requests=sum(each.requests for each in counts), writes=sum(each.writes for each in counts))

    async def read_along(self) -> None:
        """Read events of one session after the other for ever, and note what was shown."""
        while True:
            if self.acknowledged.sessions:
                session = self.chance.choice(list(self.acknowledged.sessions.values()))
                for shown in (await self.client.read(f"/sessions/{session}/events?limit=200"))["events"]:
                    self.acknowledged.events[number_of(shown["position"])] = shown["event"]["id"]
            await asyncio.sleep(0.2)


def _remove(busy: set[str], question: str, _: object) -> None:
    busy.discard(question)


def number_of(position: str) -> int:
    return int(position.rpartition(":")[2])


@asynccontextmanager
async def running(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run coroutines beside a block; it fails with the first of them that fails."""
    async with asyncio.TaskGroup() as tasks:
        started = [tasks.create_task(each) for each in works]
        yield
        for task in started:
            task.cancel()
