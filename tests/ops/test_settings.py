"""Settings name things so that every process means the same by them, and secrets are only referred to."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from adapters.http.dialer import HttpDialer
from domain.errors import Invalid
from ops.bootstrap.models import model_keys
from ops.settings import Settings, load, shown


def test_a_data_folder_has_one_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Settings(data=str(tmp_path / "link" / ".." / "link")).folder == (tmp_path / "real").resolve()


def test_scripts_are_named_by_their_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = Settings(model="scripted:a.json", models="openai:x@http://h/v1, scripted:b.json").model_names
    assert names == [f"scripted:{tmp_path}/a.json", "openai:x@http://h/v1", f"scripted:{tmp_path}/b.json"]


async def test_the_key_of_models_is_read_where_the_setting_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with HttpDialer() as dialer:
        assert await model_keys(Settings(), dialer) == {"": ""}
        monkeypatch.setenv("KEY", "from-the-environment")
        assert "from-the-environment" in (await model_keys(Settings(model_key="env:KEY"), dialer)).values()
        (tmp_path / "key").write_text("from-a-file\n")
        (tmp_path / "key").chmod(0o600)
        assert "from-a-file" in (await model_keys(Settings(model_key=f"file:{tmp_path}/key"), dialer)).values()


@pytest.mark.parametrize("name", ["REPRISE_MODEL_KEY", "REPRISE_VAULT__TOKEN"])
def test_where_a_reference_is_expected_a_secret_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(Invalid, match=f"Expected {name} to say where the secret is") as fault:
        load({name: "hunter2"})
    assert "hunter2" not in str(fault.value)


def test_what_bindings_may_name_lies_in_variables_and_folders_made_for_it(tmp_path: Path) -> None:
    given = {"REPRISE_SECRET_SHOP": "is no setting", "REPRISE_DATA": str(tmp_path)}
    assert load(given).open_secrets == [
        "env:REPRISE_SECRET_*",
        f"file:{tmp_path}/secrets/*",
        "vault:secret/reprise/*",
    ]
    assert "is no setting" not in str(shown(load(given), given))


def test_traces_go_to_a_url_whose_password_is_not_shown() -> None:
    given = {"REPRISE_OTLP__ENDPOINT": "https://me:hidden@collector:4318"}
    (endpoint,) = [each for each in shown(load(given), given) if each.name == "REPRISE_OTLP__ENDPOINT"]
    assert (endpoint.value, endpoint.source) == ("https://…@collector:4318", "environment")
    with pytest.raises(Invalid, match="Expected REPRISE_OTLP__ENDPOINT to be a URL like http://HOST:PORT"):
        load({"REPRISE_OTLP__ENDPOINT": "collector:4318"})


def test_what_may_be_dialled_is_listed_and_bounded_by_default() -> None:
    egress = load({"REPRISE_EGRESS__DENY_HOSTS": "*.Evil.example, metadata", "REPRISE_EGRESS__PORTS": "443"}).egress
    assert egress.hosts("deny") == ("*.evil.example", "metadata") and egress.port_numbers == (443,)
    assert ip_network("169.254.0.0/16") in load({}).egress.networks("deny") and not load({}).egress.networks("allow")
    names = [each.name for each in shown(load({}), {})]
    assert {"REPRISE_EGRESS__CA_FILE", "REPRISE_EGRESS__ALLOW_NETWORKS"} <= set(names)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REPRISE_EGRESS__PORTS", "443,http"),
        ("REPRISE_EGRESS__PORTS", "0"),
        ("REPRISE_EGRESS__ALLOW_HOSTS", "https://a.example"),
        ("REPRISE_EGRESS__DENY_HOSTS", "a.*"),
        ("REPRISE_EGRESS__DENY_NETWORKS", "10.0.0.1/8"),
        ("REPRISE_EGRESS__ALLOW_NETWORKS", "inside"),
    ],
)
def test_a_list_of_what_may_be_dialled_that_cannot_be_read_is_refused(name: str, value: str) -> None:
    with pytest.raises(Invalid, match=f"Expected {name}"):
        load({name: value})


@pytest.mark.parametrize("name", ["REPRISE_PORT", "REPRISE_METRICS__PORT"])
def test_ports_are_ports(name: str) -> None:
    with pytest.raises(Invalid, match=f"Expected {name} to be from 0 to 65535, but it is 65536"):
        load({name: "65536"})


def test_kinds_to_hide_and_filters_are_named_or_refused() -> None:
    assert set(load({}).hidden_kinds) >= {"email", "phone", "card", "iban", "ssn", "ip"}
    assert load({"REPRISE_REDACTION": "email, card"}).hidden_kinds == ["email", "card"]
    assert load({"REPRISE_REDACTION": "off"}).hidden_kinds == []
    named = load({"REPRISE_FILTERS": "suspects,http://127.0.0.1:9/look"}).filter_names
    assert named == ["suspects", "http://127.0.0.1:9/look"] and load({}).filter_names == []
    for name, value in (("REDACTION", "names"), ("FILTERS", "guess"), ("MASTER_KEY", "the key itself")):
        with pytest.raises(Invalid, match=f"REPRISE_{name}"):
            load({f"REPRISE_{name}": value})
