"""A schema that is not ours, and a log that is not whole or not safe, are found."""

import pytest

from domain.encoding import NULL
from domain.session.events import GoalSubmitted
from tests.ops.doctor.conftest import Examine
from tests.ops.doctor.installation import Installation, only

GOAL = GoalSubmitted(
    session="s", goal="g", user="ada", model="m", agents=(), catalog="c" * 64, policy_set="p", behaviour=1, context=NULL
)
SERVICE = "log_events TO reprise_service"
TAKEN = "REVOKE UPDATE, DELETE, TRUNCATE ON log_events FROM reprise_service"
ALTERED = [
    (
        "not-migrated",
        "no schema of Reprise",
        "ALTER TABLE schema_migrations RENAME TO elsewhere",
        "ALTER TABLE elsewhere RENAME TO schema_migrations",
    ),
    (
        "schema-too-new",
        "9999_later.pre",
        "INSERT INTO schema_migrations (name, checksum) VALUES ('9999_later.pre', 'x')",
        "DELETE FROM schema_migrations WHERE name LIKE '9999%'",
    ),
    (
        "schema-changed",
        "0001_log.pre",
        "UPDATE schema_migrations SET checksum = checksum || 'x' WHERE name LIKE '0001%'",
        "UPDATE schema_migrations SET checksum = rtrim(checksum, 'x') WHERE name LIKE '0001%'",
    ),
    (
        "log-incomplete",
        "index log_events_command",
        "ALTER INDEX log_events_command RENAME TO elsewhere",
        "ALTER INDEX elsewhere RENAME TO log_events_command",
    ),
    (
        "log-incomplete",
        "function append_events",
        "ALTER FUNCTION append_events RENAME TO elsewhere",
        "ALTER FUNCTION elsewhere RENAME TO append_events",
    ),
    ("log-changeable", "may UPDATE on", f"GRANT UPDATE ON {SERVICE}", TAKEN),
    ("log-changeable", "may UPDATE on", f"GRANT UPDATE (state) ON {SERVICE}", TAKEN),
    ("log-changeable", "may DELETE on", f"GRANT DELETE ON {SERVICE}", TAKEN),
    ("log-changeable", "may TRUNCATE on", f"GRANT TRUNCATE ON {SERVICE}", TAKEN),
    (
        "log-closed",
        "may not INSERT",
        "REVOKE INSERT ON log_events FROM reprise_service",
        f"GRANT INSERT ON {SERVICE}",
    ),
    (
        "log-gap",
        "jumps to version 9",
        "UPDATE log_events SET originator_version = 9 WHERE notification_id = 5",
        "UPDATE log_events SET originator_version = 5 WHERE notification_id = 5",
    ),
]


@pytest.mark.parametrize(("code", "words", "statement", "undo"), ALTERED)
async def test_a_database_that_somebody_altered(
    look: Examine, well: Installation, code: str, words: str, statement: str, undo: str
) -> None:
    async with well.but(statement, undo=undo):
        assert words in only(await look(well.settings), code).found


async def test_what_was_put_right_is_well_again(look: Examine, well: Installation) -> None:
    async with well.but(ALTERED[-1][2], undo=ALTERED[-1][3]):
        assert not (await look(well.settings)).healthy
    assert (await look(well.settings)).healthy


async def test_a_login_that_may_not_be_the_service(look: Examine, well: Installation) -> None:
    url = well.settings.postgres_url.replace("//postgres@", "//doctors_stranger@")
    async with well.but("CREATE ROLE doctors_stranger LOGIN", undo="DROP ROLE doctors_stranger"):
        finding = only(await look(well.changed(postgres_url=url)), "service-role-denied")
    assert "GRANT reprise_service TO doctors_stranger" in finding.fix


async def test_a_schema_that_is_behind_and_one_that_only_lacks_a_clearing_up(look: Examine, ill: Installation) -> None:
    await ill.execute("DELETE FROM schema_migrations WHERE name LIKE '%.post'")
    found = await look(ill.settings)
    assert found.healthy and "reprise migrate" in found.notes[0]
    await ill.execute("DELETE FROM schema_migrations WHERE name LIKE '0013%'")
    assert "0013_versions.pre" in only(await look(ill.settings), "schema-behind").found


async def test_a_log_from_which_events_were_deleted(look: Examine, ill: Installation) -> None:
    await ill.execute("DELETE FROM log_events WHERE notification_id = 3")
    assert "Behind position 2 comes 4" in only(await look(ill.settings), "log-gap").found
    await ill.execute("DELETE FROM log_events WHERE notification_id < 3")
    assert "Behind position 0 comes 4" in only(await look(ill.settings), "log-gap").found


async def test_a_catalogue_that_a_goal_pins_but_nobody_stored(look: Examine, own: Installation) -> None:
    await own.record(GOAL)
    await own.relay()
    await own.project()
    assert "c" * 64 in only(await look(own.settings), "blob-missing").found
    # An event that nobody can read pins nothing that could be looked for.
    await own.execute("UPDATE log_events SET state = '{' WHERE topic LIKE 'session.goal%'")
    assert (await look(own.settings)).healthy
