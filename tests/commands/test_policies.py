"""Policy sets are checked, kept, brought into force and taken back; each session keeps the one it began with."""

import pytest

from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.perform import drive
from commands.policies import activate_policy_set, find_policy_set, list_policy_sets, register_policy_set
from commands.shell import Shell
from domain.catalog.policies import PolicySet
from domain.errors import Invalid, NotFound
from domain.session.events import VerdictReached
from domain.upcasting import Unknown, read_session
from tests.commands.parts import Model, Shop, Time, context, shell_of, start

READS = '@id("reads") permit (principal, action, resource) when { context.listed && resource.effect == "read" };'
NOTHING = '@id("nothing") forbid (principal, action, resource);'


@pytest.fixture
async def shell(store: PostgresEventStore) -> Shell:
    return shell_of(store, Shop(), Model(), Time())


async def keep(shell: Shell, text: str, name: str = "ours") -> str:
    done = await register_policy_set(Catalogue(shell), shell, PolicySet(name=name, text=text), context())
    return done.digest


async def force(shell: Shell, digest: str = "", name: str = "ours") -> None:
    await activate_policy_set(Catalogue(shell), shell, name, digest, "tried", context())


async def verdicts(shell: Shell) -> list[VerdictReached]:
    """Run a session as far as it goes and return what was judged."""
    session, _ = await start(shell)
    await drive(shell, session)
    rows = await shell.store.read_stream(session)
    events = [read_session(row.topic, row.state) for row in rows]
    return [event.data for event in events if not isinstance(event, Unknown) and isinstance(event.data, VerdictReached)]


async def test_the_default_set_is_in_force_until_another_is_activated(shell: Shell) -> None:
    assert {each.policy_set for each in await verdicts(shell)} == {shell.judge.default.digest}
    digest = await keep(shell, NOTHING)
    assert {each.policy_set for each in await verdicts(shell)} == {shell.judge.default.digest}
    await force(shell)
    judged = await verdicts(shell)
    assert {(each.policy_set, each.decision, each.rules) for each in judged} == {(digest, "deny", ("nothing",))}


async def test_an_earlier_revision_is_the_way_back(shell: Shell) -> None:
    first, second = await keep(shell, READS), await keep(shell, NOTHING)
    await force(shell)
    await force(shell, first[:8])
    listed = {each.name: each for each in await list_policy_sets(Catalogue(shell), shell, "local")}
    assert listed["ours"].revisions == (first, second) and listed["ours"].active == first
    assert listed["default"].active == ""
    await force(shell, name="default")
    listed = {each.name: each for each in await list_policy_sets(Catalogue(shell), shell, "local")}
    assert listed["default"].active == shell.judge.default.digest and listed["ours"].active == ""


async def test_a_session_is_judged_to_its_end_by_the_set_it_began_with(shell: Shell) -> None:
    session, _ = await start(shell)
    await keep(shell, NOTHING)
    await force(shell)
    await drive(shell, session)
    state = (await shell.load(session)).state
    assert state is not None and state.policy_set == shell.judge.default.digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "permit (principal, action, resource)",
        "permit (principal, action, resource);",
        '@id("a") permit (principal, action, resource) when { context.nothing };',
        '@id("a") permit (principal == User::"x", action, resource);',
        '@id("a") permit (principal == ?principal, action, resource);',
        '@id("a") @ask permit (principal, action, resource);',
        f"{READS}{READS}",
        f"// argument body amount\n// argument attic.amount text\n{READS}",
        f"// argument body.amount money\n{READS}",
        "x" * 300_000,
    ],
)
async def test_rules_that_cannot_be_used_are_refused_with_what_is_wrong_and_nothing_is_kept(
    shell: Shell, text: str
) -> None:
    head = await shell.store.head()
    with pytest.raises(Invalid, match="Expected"):
        await keep(shell, text)
    assert await shell.store.head() == head


async def test_what_does_not_exist_or_has_no_reason_is_not_activated(shell: Shell) -> None:
    await keep(shell, READS)
    with pytest.raises(NotFound, match="default, strict, ours"):
        await force(shell, name="theirs")
    with pytest.raises(NotFound, match="revision of ours"):
        await force(shell, "ffffffff")
    with pytest.raises(Invalid, match="reason"):
        await activate_policy_set(Catalogue(shell), shell, "ours", "", " ", context())
    with pytest.raises(Invalid, match="comes with the product"):
        await keep(shell, READS, name="strict")


async def test_another_tenants_sets_are_not_found(shell: Shell) -> None:
    await keep(shell, READS)
    with pytest.raises(NotFound):
        await find_policy_set(Catalogue(shell), shell, "other", "ours")


WATCHED = (
    '@id("all") permit (principal, action, resource);\n'
    '@id("firm") @guard("egress") @reason("It stays here.") forbid (principal, action, resource);\n'
)


async def test_what_a_set_only_observes_passes_and_stands_in_the_verdict_and_each_session_keeps_its_mode(
    shell: Shell,
) -> None:
    await keep(shell, WATCHED)
    await force(shell)
    pinned, _ = await start(shell)
    await keep(shell, f"// mode egress observe\n{WATCHED}")
    await force(shell)
    (judged,) = await verdicts(shell)
    assert (judged.decision, judged.rules, judged.observed) == ("allow", ("all",), ("firm",))
    assert "Not enforced, but it would not have passed: firm." in judged.reason
    await drive(shell, pinned)
    rows = await shell.store.read_stream(pinned)
    found = [read_session(row.topic, row.state) for row in rows]
    judged = next(
        each.data for each in found if not isinstance(each, Unknown) and isinstance(each.data, VerdictReached)
    )
    assert (judged.decision, judged.rules, judged.observed) == ("deny", ("firm",), ())
