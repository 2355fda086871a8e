"""Models and embedders get what the settings say: their own keys, by reference, and their options."""

from pathlib import Path

import pytest

from adapters.embedding.hashing import hashed
from adapters.http.dialer import HttpDialer
from domain.errors import Invalid
from ops.bootstrap.memory import hashing, text_embedder
from ops.bootstrap.models import http_embedder, model_keys
from ops.sample.http_server import Request, Response, json_response, serving
from ops.scripted.server import script_server
from ops.settings import Settings, load

OPTIONS = '[{"model": "openai:small@*", "key": "env:SMALL"}, {"model": "openai:none@*", "key": ""}]'


async def test_an_embedder_over_http_is_asked_where_the_settings_say(tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text('{"replies": []}')
    async with script_server(tmp_path / "script.json", hashing()) as url, HttpDialer() as dialer:
        settings = load({"REPRISE_EMBEDDER": f"openai:hashing@{url}"})
        (found,) = await (await text_embedder(settings, dialer)).embed(["two mugs"])
    assert list(found) == pytest.approx(hashed("two mugs"), abs=1e-6)


async def test_each_model_gets_the_key_that_its_options_refer_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALL", "its-own")
    monkeypatch.setenv("ALL", "of-all")
    seen: list[str] = []

    async def handle(request: Request) -> Response:
        seen.append(request.headers.get("authorization", ""))
        return json_response(200, {"data": [{"embedding": [1.0]}]})

    settings = load({"REPRISE_MODEL_KEY": "env:ALL", "REPRISE_MODEL_OPTIONS": OPTIONS})
    async with serving(handle) as url, HttpDialer() as dialer:
        for name in ("small", "none", "other"):
            await (await http_embedder(settings, dialer, f"openai:{name}@{url}/v1")).embed(["a"])
    assert seen == ["Bearer its-own", "", "Bearer of-all"]


async def test_a_key_that_is_not_there_is_named_and_none_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    async with HttpDialer() as dialer:
        with pytest.raises(Invalid, match="REPRISE_MODEL_OPTIONS"):
            await model_keys(Settings(model_options=OPTIONS), dialer)
        monkeypatch.setenv("SMALL", "s3cret\u00e9")
        with pytest.raises(Invalid, match="behind REPRISE_MODEL_OPTIONS") as fault:
            await model_keys(Settings(model_options=OPTIONS), dialer)
    assert "s3cret" not in str(fault.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"model": "openai:*", "key": "hunter2"}]', "every key in REPRISE_MODEL_OPTIONS to say where"),
        ('[{"model": "openai:*", "form": "yaml"}]', "REPRISE_MODEL_OPTIONS cannot be used"),
    ],
)
def test_options_that_cannot_be_used_are_refused_at_once(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as fault:
        load({"REPRISE_MODEL_OPTIONS": text})
    assert "hunter2" not in str(fault.value)
