"""What is set wrongly is found, by itself and at once."""

import socket
from pathlib import Path

from adapters.identity import create_keys
from tests.adapters.telemetry.collector import collecting
from tests.ops.doctor.conftest import Examine
from tests.ops.doctor.installation import Installation, only
from tests.ports import free_port


async def test_an_unknown_variable_is_found_and_nothing_else_is_judged(look_with: Examine) -> None:
    found = await look_with(REPRISE_PORTT="1")
    assert "did you mean REPRISE_PORT?" in only(found, "settings-invalid").found
    assert "first see to settings-invalid" in {each.because for each in found.skipped}
    assert found.checked == ()


async def test_an_address_that_is_open_to_strangers(look_with: Examine) -> None:
    assert "0.0.0.0" in only(await look_with(REPRISE_HOST="0.0.0.0"), "open-door").found


async def test_a_model_that_nobody_knows(look_with: Examine) -> None:
    finding = only(await look_with(REPRISE_MODEL="gpt"), "model-unusable")
    assert "'gpt'" in finding.found and "scripted:FILE" in finding.found


async def test_a_script_that_is_not_there(look_with: Examine, tmp_path: Path) -> None:
    found = await look_with(REPRISE_MODELS=f"scripted:{tmp_path / 'missing.json'}")
    assert "No such file" in only(found, "model-unusable").found


async def test_a_key_that_is_not_where_it_is_said_to_be(look: Examine, well: Installation, tmp_path: Path) -> None:
    found = only(await look(well.changed(model_key=f"file:{tmp_path / 'key'}")), "model-key-missing").found
    assert "REPRISE_MODEL_KEY" in found and "No such file" in found


async def test_tokens_are_required_but_there_are_no_keys(look_with: Examine) -> None:
    assert "public.json" in only(await look_with(REPRISE_TOKENS__REQUIRED="true"), "token-keys-unusable").found


async def test_a_signing_key_that_others_can_read(look_with: Examine, tmp_path: Path) -> None:
    create_keys(tmp_path / "keys")
    given = {"REPRISE_TOKENS__REQUIRED": "true", "REPRISE_TOKENS__KEYS": str(tmp_path / "keys")}
    assert (await look_with(**given)).healthy
    (tmp_path / "keys" / "signing.json").chmod(0o644)
    assert "chmod 600" in only(await look_with(**given), "token-keys-readable").fix


async def test_an_endpoint_of_traces_that_names_no_host(look_with: Examine) -> None:
    only(await look_with(REPRISE_OTLP__ENDPOINT="http://"), "otlp-endpoint-malformed")


async def test_an_endpoint_of_traces_where_nobody_listens(look_with: Examine) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    only(await look_with(REPRISE_OTLP__ENDPOINT=endpoint), "otlp-unreachable")


async def test_an_endpoint_that_listens_but_takes_no_traces(look_with: Examine) -> None:
    with collecting() as collector:
        assert (await look_with(REPRISE_OTLP__ENDPOINT=collector.url)).healthy
        assert collector.requests == ["/v1/traces"] and collector.spans == []
        for collector.status in (307, 404):
            only(await look_with(REPRISE_OTLP__ENDPOINT=collector.url), "otlp-refuses")


async def test_an_endpoint_that_hangs(look_with: Examine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        only(await look_with(REPRISE_OTLP__ENDPOINT=f"http://127.0.0.1:{door.getsockname()[1]}"), "otlp-refuses")


async def test_nothing_is_wrong_with_an_installation_that_is_well(look: Examine, well: Installation) -> None:
    found = await look(well.settings)
    assert found.healthy and found.findings == ()
    assert {"postgres", "log-positions", "nats", "stream", "relay", "projector", "workers"} <= set(found.checked)
    assert not Path(well.settings.data).exists()
