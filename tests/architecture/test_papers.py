"""What the papers name exists: every link, path, function, make verb and program verb."""

import ast
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ops.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[2]
PAPERS = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted((ROOT / "ops" / "decisions").glob("*.md")),
]
PICTURES = sorted((ROOT / "ops" / "pictures").glob("*.svg"))

CALLING = Path("domain/session/calling.py")
RULE = 'fact.decision == "deny" or '
PROOF = "tests/domain/test_calling.py"
DENIED = "test_a_denied_call_is_never_sent"

INLINE_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
REFERENCE_LINK = re.compile(r"\[([^\]]+)\]\[([^\]]+)\]")
DEFINITION = re.compile(r"^\[([^\]]+)\]: (\S+)$", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
NAME = re.compile(r"[A-Za-z_]\w*(\.\w+)*")
TOP = {path.name for path in ROOT.iterdir() if path.is_dir() and (path.name == ".ci" or path.name.isidentifier())}


def text_of(paper: Path) -> str:
    return paper.read_text("utf-8")


def prose_of(paper: Path) -> str:
    """Return a paper without its fenced code, which shows what a reader will write."""
    return re.sub(r"^```.*?^```$", "", text_of(paper), flags=re.MULTILINE | re.DOTALL)


def links_of(paper: Path) -> list[tuple[str, str]]:
    """Return the text and target of every link."""
    text = prose_of(paper)
    definitions = dict(DEFINITION.findall(text))
    referring = [
        (words, definitions.get(name, f"missing definition {name}")) for words, name in REFERENCE_LINK.findall(text)
    ]
    return [*INLINE_LINK.findall(text), *referring]


@cache
def names_in(file: Path) -> frozenset[str]:
    """Return the functions, classes and constants of a module, methods as ``Class.method``."""
    found: set[str] = set()

    def collect(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(prefix + node.name)
                if isinstance(node, ast.ClassDef):
                    collect(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found.update(prefix + target.id for target in targets if isinstance(target, ast.Name))

    collect(ast.parse(file.read_text("utf-8")).body, "")
    return frozenset(found)


def as_test(words: str) -> str:
    """Return the name of the test that a sentence stands for."""
    return "test_" + "_".join(re.sub(r"[^\w\s]", " ", words.lower()).split())


def anchors_of(file: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_link_resolves(paper: Path) -> None:
    for words, target in links_of(paper):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (paper.parent / path).resolve() if path else paper
        assert file.exists(), f"{paper.name} links {words!r} to {target}, which does not exist"
        assert not anchor or anchor in anchors_of(file), f"{paper.name} links to {target}: no such heading"


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_a_link_to_a_module_names_something_in_it(paper: Path) -> None:
    for words, target in links_of(paper):
        file = (paper.parent / target).resolve()
        if file.suffix == ".sql" and words.startswith("`"):
            assert f"FUNCTION {words.strip('`')}(" in file.read_text("utf-8"), f"{paper.name}: {target} lacks {words}"
        if file.suffix != ".py" or words.strip("`") == target:
            continue
        name = words.strip("`") if words.startswith("`") else as_test(words)
        assert name in names_in(file), f"{paper.name} links {words!r} to {target}, which has no {name}"


def test_every_threat_names_a_guard_and_a_test() -> None:
    text = text_of(ROOT / "SECURITY.md")
    tests = {name for name, target in DEFINITION.findall(text) if target.startswith("tests/")}
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    threats = [row for row in rows if row[0] != "threat"]
    for threat, guard, proof in threats:
        named = {name for _, name in REFERENCE_LINK.findall(proof)}
        assert guard and ("`tests/" in proof or named & tests), f"no guard or no test stands against {threat!r}"
    assert len(threats) > 55


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_path_and_every_function_in_code_marks_exists(paper: Path) -> None:
    for code in CODE.findall(prose_of(paper)):
        path, _, name = code.partition("::")
        if path.split("/")[0] not in TOP or "/" not in path or "<" in path:
            continue
        assert (ROOT / path).exists(), f"{paper.name} names {path}, which does not exist"
        if name:
            assert NAME.fullmatch(name), f"{paper.name} names {code}: expected path.py::function"
            assert name in names_in(ROOT / path), f"{paper.name} names {code}, but {path} has no {name}"


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_verb_exists(paper: Path) -> None:
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for code in CODE.findall(text_of(paper)):
        program, verb = [*code.split(), "", ""][:2]
        if program == "make":
            assert verb in made, f"{paper.name} names make {verb}, which the Makefile lacks"
        if program == "reprise" and verb:
            assert verb in VERBS and find_spec(VERBS[verb].module), (
                f"{paper.name} names reprise {verb}, which is no verb"
            )


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_no_line_is_longer_than_120_characters(paper: Path) -> None:
    lines = [line if line[:2] != "| " else "" for line in text_of(paper).splitlines()]  # a table's row cannot be broken
    long = [number for number, line in enumerate(lines, 1) if len(line) > 120]
    assert not long, f"{paper.name} has lines over 120 characters: {long}"


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_well_formed_says_what_it_shows_and_loads_nothing(picture: Path) -> None:
    root = ElementTree.fromstring(picture.read_text("utf-8"))
    assert root.findtext("{*}title") and root.findtext("{*}desc")
    assert not re.search(r"href=|url\((?!#)|<script|@import", picture.read_text("utf-8"))


def test_the_architecture_shows_the_line_that_decides_whether_a_call_may_be_sent() -> None:
    text = text_of(ROOT / "ARCHITECTURE.md")
    assert [target for words, target in INLINE_LINK.findall(text) if words == "`on_verdict`"] == [str(CALLING)]


def test_without_that_line_a_denied_call_would_be_sent(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "domain", tmp_path / "domain")
    shutil.copytree(ROOT / "tests" / "domain", tmp_path / "tests" / "domain")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{PROOF}::{DENIED}"]

    before = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert before.returncode == 0, before.stdout
    source = (tmp_path / CALLING).read_text("utf-8")
    assert source.count(RULE) == 1, f"{CALLING} no longer says {RULE!r}"
    (tmp_path / CALLING).write_text(source.replace(RULE, ""), "utf-8")
    after = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert after.returncode == 1 and f"FAILED {PROOF}::{DENIED}" in after.stdout, after.stdout
