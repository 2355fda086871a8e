"""Which arguments decide where something goes follows from method, path, names and schemas, for whatever API."""

from typing import Any

import pytest
from msgspec.structs import replace

from domain.catalog.events import Override, Tool
from domain.catalog.outputs import output_label
from domain.catalog.overriding import overridden
from domain.catalog.sinks import sinks_of
from domain.encoding import foreign
from domain.labels import Label
from domain.session.events import EffectClass

TEXT = {"type": "string"}


def tool(name: str = "do_it", path: str = "/things", effect: EffectClass = "write", **body: Any) -> Tool:
    """Describe a tool whose body has these properties."""
    schema = {"properties": {"body": {"properties": body}}} if body else {}
    return Tool(
        name=name,
        api="a",
        operation=f"POST {path}",
        document="d",
        description="",
        effect_class=effect,
        repeatable=False,
        parameters=foreign(schema),
    )


def sinks(given: Tool, place: str = "body", /, **arguments: Any) -> set[str]:
    """Return the names of the sinks among the arguments of a call."""
    found = sinks_of(given, {place: arguments}, reads=given.effect_class == "read").arguments
    return {"/".join(each.path[1:]) for each in found if each.sink}


@pytest.mark.parametrize(
    "name",
    [
        "to",
        "recipient",
        "toAddress",
        "user_email",
        "channelIds",
        "file_id",
        "webhookURL",
        "newPassword",
        "IBAN",
        "path",
    ],
)
def test_names_of_people_places_records_and_access_tell_a_sink(name: str) -> None:
    assert sinks(tool(), **{name: "x", "body": "text", "amount": 5}) == {name}


@pytest.mark.parametrize("name", ["body", "emailSubject", "messageText", "note", "recipient_comment"])
def test_what_is_said_to_a_receiver_is_no_sink(name: str) -> None:
    assert sinks(tool(), to="x", **{name: "text"}) == {"to"}


@pytest.mark.parametrize(
    "name", ["watcher", "principal", "person", "zweig", "command", "endUser", "startCommand", "time_payer"]
)
def test_a_name_that_nobody_thought_of_is_a_sink_beside_one_that_is_known(name: str) -> None:
    assert sinks(tool(), ticket_id="7", note="text", **{name: "x"}) == {"ticket_id", name}


@pytest.mark.parametrize(
    ("name", "schema", "value"),
    [("visibility", {"enum": ["team", "public"]}, "public"), ("isPublic", {"type": "boolean"}, True)],
)
def test_who_may_see_something_is_a_sink_also_where_it_is_a_choice(name: str, schema: Any, value: Any) -> None:
    assert sinks(tool(**{name: schema}), ticket_id="7", **{name: value}) == {"ticket_id", name}


@pytest.mark.parametrize("value", ["https://eve.example/?d=secret", "//eve.example", "www.eve.example", "FTP://eve"])
def test_a_read_that_is_given_an_address_on_the_net_leads_there_whatever_it_is_called(value: str) -> None:
    reads = tool("show", effect="read")
    assert sinks(reads, page=value, user="x") == {"page"}
    assert sinks_of(reads, {"body": {"page": value}}, reads=True).sends


def test_a_choice_deep_inside_is_none_and_one_that_may_also_be_any_text_is() -> None:
    choice, text = {"properties": {"how": {"enum": ["air"]}}}, {"properties": {"how": TEXT}}
    assert sinks(tool(parcel=choice), id="7", parcel={"how": "air"}) == {"id"}
    assert sinks(tool(parcel={"oneOf": [text, choice]}), id="7", parcel={"how": "air"}) == {"id", "parcel/how"}
    assert sinks(tool(parcels={"items": choice}), id="7", parcels=[{"how": "air"}]) == {"id"}


def test_a_choice_is_a_sink_where_a_view_leaves_out_what_else_it_may_be() -> None:
    ways = [{"properties": {"how": {"enum": [str(each)]}}} for each in range(4)]
    assert sinks(tool(parcel={"oneOf": ways}), id="7", parcel={"how": "1"}) == {"id"}
    assert sinks(tool(parcel={"oneOf": [*ways, {"cut": 1}]}), id="7", parcel={"how": "1"}) == {"id", "parcel/how"}
    nested = {"oneOf": [*ways, {"anyOf": [*ways, {"type": "object", "cut": 3}]}]}
    assert sinks(tool(parcel=nested), id="7", parcel={"how": "1"}) == {"id", "parcel/how"}

    def given(*bodies: Any) -> Tool:
        return replace(tool(), parameters=foreign({"properties": {"body": {"oneOf": bodies}}}))

    assert sinks(given(*ways), id="7", how="1") == {"id"}
    assert sinks(given(*ways, {"cut": 1}), id="7", how="1") == {"id", "how"}
    assert sinks(given({"properties": {"how": TEXT}}, *ways), id="7", how="1") == {"id", "how"}


def test_an_address_deep_inside_is_a_sink_and_the_text_beside_it_is_not() -> None:
    message = {"subject": "s", "body": {"content": "c"}, "toRecipients": [{"emailAddress": {"address": "a"}}]}
    assert sinks(tool(), message=message) == {"message/toRecipients/0/emailAddress/address"}


def test_what_stands_in_an_attachment_is_no_sink() -> None:
    assert sinks(tool(), to="x", attachments=[{"file_id": "7"}]) == {"to"}


def test_of_what_nothing_tells_everything_is_a_sink_but_dates_switches_and_choices() -> None:
    colour = {"enum": ["red", "blue"]}
    given = tool(
        hotel=TEXT, start_day=TEXT, until={"format": "date-time"}, breakfast={"type": "boolean"}, room_kind=colour
    )
    found = sinks(given, hotel="h", start_day="d", until="u", breakfast=True, room_kind="red")
    assert found == {"hotel"}


def test_a_choice_that_may_also_be_any_text_is_a_sink() -> None:
    assert sinks(tool(to={"anyOf": [{"enum": ["me"]}, TEXT]}), to="x") == {"to"}
    assert sinks(tool(to={"anyOf": [{"enum": ["me"]}, {"type": "null"}]}), to="me", file="f") == {"file"}


def test_where_only_something_is_said_that_is_a_sink_and_else_everything() -> None:
    assert sinks(tool(), title="t", description="d", start_time="9:00") == {"title", "description"}
    assert sinks(tool(), locked=False, day="today") == {"locked", "day"}


@pytest.mark.parametrize("value", ["eve@example.com", "https://eve.example/x", "www.eve.example", "[email:1]"])
def test_what_has_the_form_of_an_address_is_a_sink_whatever_it_is_called(value: str) -> None:
    assert sinks(tool(), file_id="7", empfaenger=value, text=value) == {"file_id", "empfaenger"}
    assert sinks(tool(), file_id="7", until=value) == {"file_id", "until"}


def test_a_body_that_is_one_value_is_a_sink() -> None:
    found = sinks_of(tool(), {"body": "all that was read", "path": {}, "pages": 3}, reads=False).arguments
    assert [(each.path, each.sink) for each in found] == [(("body",), True)]


def test_what_is_empty_goes_nowhere() -> None:
    assert sinks(tool(), to=[], cc=None, file="f") == {"file"}


def test_every_part_of_the_path_of_a_write_is_a_sink() -> None:
    assert sinks(tool(), "path", date="2026-01-01", body="x") == {"date", "body"}


def test_of_a_read_only_an_address_on_the_net_is_a_sink() -> None:
    assert sinks(tool("get_page", effect="read"), "query", url="u", user="x", id="7") == {"url"}
    assert sinks(tool("show", effect="read", at={"format": "uri"}), at="u", to="x") == {"at"}


@pytest.mark.parametrize(
    ("given", "arguments", "sends"),
    [
        (tool("add"), {"participants": ["x"]}, True),
        (tool("add"), {"url": "x"}, True),
        (tool("add"), {"user": "x"}, False),
        (tool("share_file"), {"user": "x"}, True),
        (tool("add", "/files/share"), {"user": "x"}, True),
        (tool("add"), {"file_id": "7"}, False),
        (tool("get_post", effect="read"), {"id": "7"}, False),
        (tool("get_page", effect="read"), {"url": "x"}, True),
    ],
)
def test_a_call_sends_where_something_reaches_others(given: Tool, arguments: dict[str, Any], sends: bool) -> None:
    assert sinks_of(given, {"body": arguments}, reads=given.effect_class == "read").sends is sends


def test_an_operators_word_on_answers_counts() -> None:
    said = overridden(tool("list_messages", effect="read"), Override(trusted=True, private=False))
    assert output_label(said) == Label(sources=("tool:list_messages",), trusted=True, private=False)


@pytest.mark.parametrize(
    ("given", "trusted", "private"),
    [
        (tool("get_current_day", effect="read"), True, True),
        (tool("getMyProfile", effect="read"), True, True),
        (tool("get_profile", effect="read", user=TEXT), False, True),
        (tool("get_day_events", effect="read"), False, True),
        (tool("list_users", effect="read"), False, True),
        (tool("getAccounts", effect="read"), False, True),
        (tool("get_account_settings", effect="read"), True, True),
        (tool("get_webpage", effect="read", url=TEXT), False, False),
        (tool("list_messages", effect="read"), False, True),
        (tool("set_profile", effect="write"), False, True),
    ],
)
def test_answers_are_what_others_wrote_and_private_unless_a_name_says_otherwise(
    given: Tool, trusted: bool, private: bool
) -> None:
    label = output_label(given)
    assert (label.sources, label.trusted, label.private) == ((f"tool:{given.name}",), trusted, private)
