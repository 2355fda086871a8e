"""Whatever is remembered and forgotten by whom, each recalls his own and his tenant's, and nothing else, ever."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as examples
from hypothesis import strategies as st

from commands.ports import Confines
from domain.errors import Refused
from tests.commands.memory.knowing import Knowing

EXAMPLES = int(os.environ.get("REPRISE_TEST_EXAMPLES", "12"))
TENANTS, USERS = ("red", "blue"), ("ada", "bob")
WORDS = ("mugs", "invoice", "Linz", "seats", "refund", "red", "blue")


class Said(NamedTuple):
    """Be a memory that somebody writes down."""

    tenant: str
    user: str
    text: str
    kind: str
    trusted: bool
    private: bool
    shared: bool


class Forgets(NamedTuple):
    """Be somebody's attempt to forget one of all memories, his own or not."""

    tenant: str
    user: str
    which: int
    administers: bool


somebody = {"tenant": st.sampled_from(TENANTS), "user": st.sampled_from(USERS)}
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
said = st.builds(
    Said,
    **somebody,
    text=texts,
    kind=st.sampled_from(("semantic", "episodic", "summary")),
    trusted=st.booleans(),
    private=st.booleans(),
    shared=st.booleans(),
)
forgets = st.builds(Forgets, **somebody, which=st.integers(0, 9), administers=st.booleans())
wanted = st.fixed_dictionaries(
    {
        "trusted": st.sampled_from((None, True, False)),
        "private": st.sampled_from((None, True, False)),
        "own": st.booleans(),
        "kinds": st.sampled_from(((), ("semantic",), ("semantic", "summary"))),
    }
)


def _may_forget(order: Forgets, memory: Said) -> bool:
    return memory.tenant == order.tenant and (order.administers or (memory.user == order.user and not memory.shared))


def _matches(memory: Said, tenant: str, user: str, asked: dict[str, Any]) -> bool:
    if memory.tenant != tenant or (memory.shared and asked["own"]) or (not memory.shared and memory.user != user):
        return False
    labels = all(asked[name] in (None, getattr(memory, name)) for name in ("trusted", "private"))
    return labels and (not asked["kinds"] or memory.kind in asked["kinds"])


@settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck))
@examples(orders=st.lists(said | forgets, min_size=2, max_size=8), asked=wanted, question=texts)
async def test_nobody_recalls_what_is_not_his(
    known: Knowing, orders: list[Said | Forgets], asked: dict[str, Any], question: str
) -> None:
    world = uuid4().hex  # every example has tenants of its own on the one database
    written: list[tuple[str, Said]] = []
    gone: set[str] = set()
    for order in orders:
        tenant = f"{order.tenant}-{world}"
        if isinstance(order, Said):
            given = {name: getattr(order, name) for name in ("kind", "trusted", "private", "shared")}
            written.append((await known.add(order.text, user=order.user, tenant=tenant, **given), order))
        elif written:
            memory, about = written[order.which % len(written)]
            may = _may_forget(order, about) and memory not in gone
            try:
                await known.forget(memory, user=order.user, tenant=tenant, administers=order.administers)
                assert may, "somebody forgot what is not his to forget"
                gone.add(memory)
            except Refused:
                assert not may
    await known.project()
    now = datetime.now(UTC)
    for tenant in TENANTS:
        for user in USERS:
            right = {id_ for id_, memory in written if id_ not in gone and _matches(memory, tenant, user, asked)}
            confines = Confines(tenant=f"{tenant}-{world}", user=user, **asked)
            recalled = await known.memories.recall(confines, question, now, 100)
            assert {each.memory.id for each in recalled} == right
            assert {each.id for each in await known.memories.index.newest(confines, None, 100)} == right
            for id_, _ in written:  # a cursor out of another's page leads into one's own memories all the same
                forged = (now + timedelta(days=1), id_)
                assert {each.id for each in await known.memories.index.newest(confines, forged, 100)} == right
