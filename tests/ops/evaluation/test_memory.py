"""The shipped set of memories and questions is what the suite says of it, and strangers' memories are none of it."""

from collections import Counter
from pathlib import Path

from ops.bootstrap.core import open_core
from ops.bootstrap.servers import Addresses
from ops.evaluation.gates import kept_thresholds
from ops.evaluation.memory import EMBEDDERS, WAYS, Office, office, recall_over
from ops.settings import Settings

FEW = 12


def test_the_shipped_set_is_large_and_asks_in_every_way() -> None:
    known = office()
    asked = Counter(question.way for question in known.questions)
    assert len(known.memories) >= 120 and len(known.questions) >= 60
    assert len(set(known.memories)) == len(known.memories)
    assert set(asked) == set(WAYS.values()) and asked["other_words"] >= 60


def test_what_each_embedder_reached_is_kept_and_that_nothing_leaks() -> None:
    kept = {str(each) for each in kept_thresholds("memory")}
    for name in EMBEDDERS:
        assert f"{name}.leaked<=0" in kept and any(each.startswith(f"{name}.recall_at_5>=") for each in kept)


async def test_what_others_remember_just_so_is_not_recalled(database: str, tmp_path: Path) -> None:
    whole = office()
    few = Office(whole.memories[:FEW], tuple(each for each in whole.questions if each.place < FEW))
    where = Addresses(postgres_url=database, nats_url="")
    async with open_core(Settings(data=str(tmp_path)), where, "evaluation", needs_nats=False) as core:
        figures = await recall_over(core, few)
    assert figures["leaked"] == 0 and figures["own_words"] == 1.0
