"""Everything that README tells a reader to type works as it stands, and shows what README says."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import pytest

from tests.architecture.test_papers import CALLING, PAPERS, ROOT, links_of
from tests.end_to_end.conftest import Demo
from tests.end_to_end.program import ran, started
from tests.ports import free_port

README = ROOT / "README.md"
TEXT = README.read_text("utf-8")
FENCED: list[tuple[str, str]] = re.findall(r"^```(sh|text)\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
BLOCKS = [text for kind, text in FENCED if kind == "sh"]
SHOWN = {block: text for (_, block), (kind, text) in pairwise(FENCED) if kind == "text"}
"""What README shows that a block prints, by the block."""
GOAL = "Order two blue mugs for customer 7, have them shipped, and say what it cost"
READY = {"reprise up": "Reprise is up", "ops.sample.shop": "http://", "reprise serve script": "http://"}
SESSION = re.compile(r"^session ([0-9a-f-]{36}): ", re.MULTILINE)
SECONDS = 120


def test_the_demo_prints_what_the_readme_shows(demo: Demo) -> None:
    _expect(SHOWN["make demo\n"], demo.told)


def _expect(shown: str, told: str) -> None:
    """Find the lines of README, up to where they are cut, in this order among those that were printed."""
    printed = iter([_plain(line) for line in told.splitlines()])
    for line in shown.splitlines():
        expected = _plain(line.partition("…")[0].rstrip() if "…" in line else line)
        if expected and line != "[…]":
            assert any(each.startswith(expected) for each in printed), f"{line}\nis not printed in this place:\n{told}"


def _plain(line: str) -> str:
    """Return a line without what differs from run to run: ids, digests, times and numbers."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|[0-9a-f]{32}|\d+", "#", " ".join(line.split()))


def test_the_readme_leads_to_the_line_that_decides_whether_a_call_may_be_sent() -> None:
    (architecture,) = {target for _, target in links_of(README) if target == "ARCHITECTURE.md"}
    (line,) = {target for words, target in links_of(ROOT / architecture) if words == "`on_verdict`"}
    assert line == str(CALLING)  # and test_papers.py removes its rule and sees a denied call sent
    assert README in PAPERS


class Reader:
    """Be a reader of README who types each block into a terminal, in order."""

    def __init__(self, folder: Path, ports: dict[str, str]) -> None:
        self.folder, self.session = folder, ""
        self.words: dict[str, str] = {"ops/sample/": f"{ROOT}/ops/sample/", **ports}
        self.left: Iterator[str] = iter(BLOCKS)

    def block(self) -> str:
        """Return the next block, with this reader's ports and ids in it."""
        return self.meant(next(self.left))

    def meant(self, text: str) -> str:
        """Put this reader's ports and ids into a block."""
        for shown, meant in {**self.words, "SESSION": self.session}.items():
            text = text.replace(shown, meant)
        return text

    def types(self, text: str, **more: str) -> str:
        """Run a block, expect it to succeed, and return what it printed."""
        done = ran(["bash", "-euo", "pipefail", "-c", text], self.folder, more)
        assert done.returncode == 0 and "Traceback" not in done.stderr, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def reads(self) -> str:
        """Run the next block, and see what README shows behind it; return what it printed."""
        block = next(self.left)
        told = self.types(self.meant(block))
        _expect(SHOWN.get(block, ""), told)
        return told

    def waits_for(self, approval: str) -> None:
        """Wait until a call asks."""
        until = time.monotonic() + SECONDS
        while f"{self.session}-{approval}" not in self._asking():
            assert time.monotonic() < until, f"{approval} never asked"
            time.sleep(0.1)

    def _asking(self) -> str:
        with urlopen(f"http://127.0.0.1:{self.words['8080']}/approvals", timeout=60) as answer:
            text: str = answer.read().decode()
        return text


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """Start what README starts in terminals of their own."""
    ports = {port: str(free_port()) for port in ("8080", "8090", "8091")}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="reprise-readme-")))
        reader = Reader(folder, ports)
        assert reader.block() == "make demo\n"  # which the tests of the demo play
        for line in reader.block().splitlines():
            (says,) = [says for program, says in READY.items() if program in line]
            stack.enter_context(started(["bash", "-c", f"exec env {line}"], folder, says))
        yield reader


def test_the_ten_minutes_of_the_readme_work_as_they_stand(reader: Reader) -> None:
    told = reader.types(reader.block())
    assert "shop: 10 tools from document" in told and "create_order" in told
    assert "The policy says ask: It may change something." in told
    reader.session = SESSION.findall(told)[0]

    told = reader.types(reader.block())
    assert '{"customerId": 7, "items": [{"productId": "blue-mug", "quantity": 2}]}' in told
    assert f"approved: {reader.session}-call-2-1" in told

    reader.waits_for("call-3-1")
    assert f"approved: {reader.session}-call-3-1" in reader.types(reader.block())

    told = reader.types(reader.block())
    assert "The goal was reached: Two blue mugs were ordered for customer 7 as ord-1001" in told
    assert f"{reader.session}: completed" in told and "create_order (POST /orders): succeeded" in told
    assert '"version": 31' in told
    assert "divergences    none: every decision came out as recorded" in told

    told = reader.types(reader.block())
    assert "refund_order" in told.splitlines()[1] and '"productId"' in told

    told = reader.types(reader.block())
    assert "The policy says ask" in told and SESSION.findall(told) != [reader.session]

    _with_ones_own(reader, reader.block())
    _memory(reader)
    _commands_over_rest(reader)
    _graphql(reader)
    _replay(reader)
    _rebuild(reader)
    _dead_letters(reader)
    reader.reads()  # the dry run
    _revised(reader)
    reader.reads()  # what a researcher finds
    reader.reads()  # the agents
    assert next(reader.left, None) is None, "README has a block that no test runs"


def _with_ones_own(reader: Reader, text: str) -> None:
    """Type the block on one's own API in another folder, where no `up` runs, with the shop and the script as "own"."""
    shop, model = (reader.words[port] for port in ("8090", "8091"))
    folder = reader.folder / "own"
    folder.mkdir()
    with urlopen(f"http://127.0.0.1:{shop}/openapi.json", timeout=60) as document:
        (folder / "openapi.json").write_bytes(document.read())
    own = {
        "https://api.example.com": f"http://127.0.0.1:{shop} --allow-private",
        "NAME@https://models.example.com": f"scripted@http://127.0.0.1:{model}",
        "what you want done": GOAL,
    }
    for shown, meant in own.items():
        assert shown in text
        text = text.replace(shown, meant)
    told = Reader(folder, {}).types(text)
    assert "mine: 10 tools from document" in told and "A human is asked to allow the call" in told


def _memory(reader: Reader) -> None:
    reader.session = SESSION.findall(reader.reads())[0]
    reader.reads()


def _commands_over_rest(reader: Reader) -> None:
    block = next(reader.left)
    first, again = (reader.types(reader.meant(block)) for _ in range(2))
    _expect(SHOWN[block], first)
    reader.session = json.loads(first)["sessionId"]
    assert json.loads(again)["sessionId"] == reader.session

    listed, decided = reader.reads().replace("}{", "}\n{").splitlines()
    assert f"{reader.session}-call-2-1" in [each["id"] for each in json.loads(listed)["approvals"]]
    assert json.loads(decided)["decision"] == "approve"


def _graphql(reader: Reader) -> None:
    reader.waits_for("call-3-1")
    steps = json.loads(reader.reads())["session"]["tasks"]
    assert [step["status"] for step in steps] == ["completed", "completed", "waiting", "pending"]

    followed = [json.loads(line)["sessionEvents"] for line in reader.reads().splitlines()]
    assert [event["version"] for event in followed] == list(range(1, len(followed) + 1))
    assert followed[-1]["title"] == "A human is asked to allow the call"

    told = reader.reads()
    assert told.count("\nid: ") == len(followed) and "event: session.approval-granted.v1" in told


def _replay(reader: Reader) -> None:
    told = reader.reads()
    folded, decided = re.findall(r"^(?:state|replay) digest +([0-9a-f]{64})$", told, flags=re.MULTILINE)
    assert folded == decided


def _rebuild(reader: Reader) -> None:
    reader.reads()


def _revised(reader: Reader) -> None:
    told = reader.reads()
    assert " would fail, 0 would be made otherwise" in told and told.count("✗ argument-refused") == 1


def _dead_letters(reader: Reader) -> None:
    reader.session = SESSION.findall(reader.reads())[0]
    reader.reads()
    told = reader.reads()
    assert '{"requests":6,"writes":1}' in told
    reader.reads()  # the doctor
    reader.reads()  # the trace
