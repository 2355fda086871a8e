"""Secrets are read where references say, by those who may, and no error repeats one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.dialer import HttpDialer
from adapters.secrets.references import read_reference
from adapters.secrets.secrets import ReferencedSecrets
from domain.errors import Forbidden, Invalid, RepriseError, Unavailable
from ops.sample.http_server import Request, Response, json_response, serving

CANARY = "canary-9f2b7c"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder of secrets, beside a file that is none of them."""
    (tmp_path / "secrets" / "acme").mkdir(parents=True)
    for path in (tmp_path / "secrets" / "shop", tmp_path / "secrets" / "acme" / "shop", tmp_path / "private"):
        path.write_text(f"{CANARY}\n")
        path.chmod(0o600)
    yield tmp_path


@asynccontextmanager
async def secrets(*open_to: str, vault: str = "", token: str = "env:TOKEN") -> AsyncIterator[ReferencedSecrets]:
    environment = {"REPRISE_SECRET_SHOP": CANARY, "REPRISE_SECRET_EMPTY": "", "HOME": "/root", "TOKEN": "t-12345"}
    async with HttpDialer() as dialer:
        yield ReferencedSecrets(dialer, open_to=open_to, vault_url=vault, vault_token=token, environment=environment)


@pytest.mark.parametrize(
    "text", ["hunter2", "", "env:", "env:A B", "file:relative", "vault:secret/a", "vault:a#b", "http://a", "env:A\nB"]
)
def test_what_is_no_reference_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(Invalid, match="not the secret itself") as fault:
        read_reference(text)
    assert (
        str(fault.value) == "Expected a reference, env:NAME, file:/PATH or vault:PATH#KEY, and not the secret itself."
    )


@pytest.mark.parametrize("text", ["file:/a/../b", "file:/./a", "vault:secret/../sys/x#k"])
def test_a_reference_does_not_climb(text: str) -> None:
    with pytest.raises(Invalid, match="dot segments"):
        read_reference(text)


async def test_a_variable_and_a_file_are_read_without_the_newline_at_the_end(folder: Path) -> None:
    async with secrets("env:REPRISE_SECRET_*", f"file:{folder}/secrets/*") as opened:
        assert await opened.read("env:REPRISE_SECRET_SHOP", tenant="local") == CANARY
        assert await opened.read(f"file:{folder}/secrets/shop", tenant="local") == CANARY


async def test_what_is_not_there_or_empty_is_named(folder: Path) -> None:
    (folder / "secrets" / "empty").touch(0o600)
    async with secrets("env:REPRISE_SECRET_*", f"file:{folder}/secrets/*") as opened:
        for reference, words in {
            "env:REPRISE_SECRET_OTHER": "no such variable",
            "env:REPRISE_SECRET_EMPTY": "empty",
            f"file:{folder}/secrets/other": "No such file",
            f"file:{folder}/secrets/empty": "empty",
            f"file:{folder}/secrets/acme": "Is a directory",
        }.items():
            with pytest.raises(Invalid, match=words):
                await opened.read(reference, tenant="local")


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o606])
async def test_a_file_that_others_can_read_or_change_is_no_secret(folder: Path, mode: int) -> None:
    (folder / "secrets" / "shop").chmod(mode)
    async with secrets(f"file:{folder}/secrets/*") as opened:
        with pytest.raises(Invalid, match="chmod 600"):
            await opened.read(f"file:{folder}/secrets/shop", tenant="local")


async def test_bindings_name_only_what_is_open_to_them(folder: Path) -> None:
    async with secrets("env:REPRISE_SECRET_*", f"file:{folder}/secrets/*", "env:EXACT") as opened:
        for reference in ("env:HOME", "env:EXACTLY", f"file:{folder}/private", "file:/etc/shadow", "vault:secret/a#b"):
            with pytest.raises(Forbidden, match="REPRISE_SECRETS"):
                opened.permit(reference, tenant="local")
            with pytest.raises(Forbidden):
                await opened.read(reference, tenant="local")
        opened.permit("env:EXACT", tenant="local")


async def test_a_link_that_leads_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "secrets" / "out").symlink_to(folder / "private")
    (folder / "secrets" / "in").symlink_to(folder / "secrets" / "shop")
    async with secrets(f"file:{folder}/secrets/*") as opened:
        assert await opened.read(f"file:{folder}/secrets/in", tenant="local") == CANARY
        with pytest.raises(Forbidden, match="link that leads elsewhere"):
            await opened.read(f"file:{folder}/secrets/out", tenant="local")


async def test_a_tenant_reads_its_own_secrets_only(folder: Path) -> None:
    async with secrets("env:REPRISE_SECRET_*", f"file:{folder}/secrets/{{tenant}}/*") as opened:
        assert await opened.read(f"file:{folder}/secrets/acme/shop", tenant="acme") == CANARY
        for tenant in ("other", "local", "acm", "*", "..", "acme/../acme", ""):
            with pytest.raises(Forbidden):
                await opened.read(f"file:{folder}/secrets/acme/shop", tenant=tenant)
        with pytest.raises(Forbidden):
            opened.permit("env:REPRISE_SECRET_SHOP", tenant="acme")


async def test_a_setting_may_refer_to_anything_and_is_named_where_that_fails() -> None:
    async with secrets() as opened:
        assert await opened.own("env:HOME", "REPRISE_X") == "/root"
        assert await opened.own("", "REPRISE_X") == ""
        with pytest.raises(Invalid, match="REPRISE_X"):
            await opened.own(CANARY, "REPRISE_X")


@asynccontextmanager
async def vault_of(answer: Response | None) -> AsyncIterator[tuple[list[Request], ReferencedSecrets]]:
    seen: list[Request] = []

    async def serve(request: Request) -> Response | None:
        seen.append(request)
        return answer

    async with serving(serve) as url, secrets("vault:secret/reprise/*", vault=url) as opened:
        yield seen, opened


async def test_a_vault_is_asked_by_its_own_api_for_what_a_reference_names() -> None:
    held = json_response(200, {"data": {"data": {"key": CANARY}, "metadata": {"version": 3}}})
    async with vault_of(held) as (seen, opened):
        assert await opened.read("vault:secret/reprise/shop#key", tenant="local") == CANARY
        (asked,) = seen
        assert (asked.method, asked.path, asked.headers["x-vault-token"]) == (
            "GET",
            "/v1/secret/data/reprise/shop",
            "t-12345",
        )
        with pytest.raises(Invalid, match="Expected a text under other"):
            await opened.read("vault:secret/reprise/shop#other", tenant="local")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Response(status=404, body=CANARY.encode()), Invalid),
        (Response(status=403, body=CANARY.encode()), Invalid),
        (Response(status=503, body=CANARY.encode()), Unavailable),
        (Response(status=302, headers=(("location", "http://127.0.0.1:1/"),)), Unavailable),
        (Response(status=200, body=CANARY.encode()), Unavailable),
        (json_response(200, {"data": {"key": CANARY}}), Invalid),
        (json_response(200, {"data": {"data": {"key": {"deep": CANARY}}}}), Invalid),
        (json_response(200, {"data": {"data": None}}), Invalid),
        (None, Unavailable),
    ],
)
async def test_a_vault_without_the_secret_is_told_apart_from_one_that_is_away(
    answer: Response | None, kind: type[RepriseError]
) -> None:
    async with vault_of(answer) as (_, opened):
        with pytest.raises(kind) as fault:
            await opened.read("vault:secret/reprise/shop#key", tenant="local")
        assert CANARY not in str(fault.value) and "t-12345" not in str(fault.value)


async def test_without_a_vault_its_references_say_which_setting_is_missing() -> None:
    async with secrets("vault:secret/reprise/*") as opened:
        with pytest.raises(Invalid, match="REPRISE_VAULT__URL"):
            await opened.read("vault:secret/reprise/shop#key", tenant="local")


PIECES = st.sampled_from(
    ["/", "..", ".", "%2e", "\\", "*", "{tenant}", "secrets", "shop", "\x00", "private", "#k", " "]
)


@given(pieces=st.lists(PIECES, max_size=8), tenant=st.sampled_from(["local", "acme", "*", "../local"]))
def test_no_reference_leads_out_of_what_is_open(pieces: list[str], tenant: str) -> None:
    opened = ReferencedSecrets(None, open_to=["file:/s/secrets/{tenant}/*", "env:REPRISE_SECRET_*"])  # type: ignore[arg-type]
    reference = f"file:/s/secrets/{''.join(pieces)}"
    try:
        opened.permit(reference, tenant=tenant)
    except (Invalid, Forbidden):
        return
    inside = Path(reference.removeprefix("file:")).resolve()
    assert inside.is_relative_to(f"/s/secrets/{tenant}") and "/" not in tenant and tenant != "*"
