"""The import contracts of pyproject.toml hold, and the domain knows nothing that could differ in a replay."""

import ast
import re
import tomllib
from pathlib import Path

from importlinter.application.use_cases import SUCCESS, lint_imports
from importlinter.configuration import configure

ROOT = Path(__file__).resolve().parents[2]
DOMAIN_MAY_IMPORT = {
    "__future__", "base64", "bisect", "collections", "copy", "dataclasses", "datetime", "decimal", "difflib", "enum",
    "fractions", "functools", "hashlib",
    "ipaddress", "hmac", "itertools", "json", "math", "operator", "re", "string", "struct",
    "textwrap", "types", "typing", "unicodedata", "urllib", "uuid",
    "domain", "msgspec",
}  # fmt: skip
DOMAIN_MAY_NOT_CALL = {"open", "print", "input", "hash", "id", "eval", "exec", "__import__"}


def domain_files() -> list[Path]:
    files = sorted((ROOT / "domain").rglob("*.py"))
    assert files
    return files


def imported(tree: ast.Module) -> set[str]:
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def called(tree: ast.Module) -> set[str]:
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {function.id for function in calls if isinstance(function, ast.Name)}


def test_the_import_contracts_are_kept() -> None:
    configure()
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None) is SUCCESS


def test_the_domain_imports_only_what_is_allowed() -> None:
    for file in domain_files():
        strangers = {
            name for name in imported(ast.parse(file.read_text())) if name.split(".")[0] not in DOMAIN_MAY_IMPORT
        }
        assert not strangers, f"{file.relative_to(ROOT)} imports {strangers}: only the shell may"


def test_the_domain_calls_no_built_in_that_differs_between_two_runs() -> None:
    for file in domain_files():
        forbidden = called(ast.parse(file.read_text())) & DOMAIN_MAY_NOT_CALL
        assert not forbidden, f"{file.relative_to(ROOT)} calls {forbidden}: their answers are not replayable"


def test_the_lock_holds_every_direct_dependency_and_the_build_backend() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    direct = (
        project["project"]["dependencies"] + project["dependency-groups"]["dev"] + project["build-system"]["requires"]
    )
    locked = set(
        re.findall(r"^([a-z0-9-]+(?:\[[a-z,]+\])?==\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    )
    without_extras = {re.sub(r"\[.*\]", "", pin) for pin in locked}
    assert {re.sub(r"\[.*\]", "", pin) for pin in direct} <= without_extras


def test_the_lock_names_no_index_and_hashes_every_pin() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"https?://|file:|--index|--find-links|--trusted", lock)
    assert len(re.findall(r"^\S+==\S+.* \\\n\s+--hash=sha256:", lock, re.MULTILINE)) == len(
        re.findall(r"^\S+==", lock, re.MULTILINE)
    )
