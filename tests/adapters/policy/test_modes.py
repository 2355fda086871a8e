"""A set says which of its guards are enforced and which only observed; what is observed passes, and is on record."""

import pytest

from adapters.policy.cedar import CedarJudge
from adapters.policy.planned import denied_always
from commands.cautions import cautions
from domain.catalog.policies import PolicySet, declared, modes
from domain.errors import Invalid
from domain.labels import Label, Provenance
from tests.adapters.policy.cases import case

JUDGE = CedarJudge()
DEFAULT = JUDGE.default.text
UNTRUSTED = Provenance(plan="outside", seen=Label(sources=("tool:mail",)), sends=True)
WRITE = case("POST /mails", "write", provenance=UNTRUSTED)


def observing(*guards: str, text: str = DEFAULT) -> PolicySet:
    return PolicySet(name="mine", text="".join(f"// mode {guard} observe\n" for guard in guards) + text)


def test_without_a_word_everything_is_enforced() -> None:
    assert set(modes(JUDGE.default).values()) == {"enforce"}
    ruling = JUDGE.judge(JUDGE.default, WRITE)
    assert (ruling.decision, ruling.observed) == ("deny", ())


@pytest.mark.parametrize(
    ("guards", "decision", "observed"),
    [
        (["egress"], "ask", ("private-data-stays",)),
        (["egress", "plan-lock"], "ask", ("outside-the-plan-asks", "private-data-stays")),
        (["provenance", "plan-lock"], "deny", ("outside-the-plan-asks", "writes-ask")),
        (
            ["provenance", "plan-lock", "egress"],
            "allow",
            ("outside-the-plan-asks", "private-data-stays", "writes-ask"),
        ),
    ],
)
def test_what_is_observed_passes_and_is_named(guards: list[str], decision: str, observed: tuple[str, ...]) -> None:
    ruling = JUDGE.judge(observing(*guards), WRITE)
    assert (ruling.decision, ruling.observed) == (decision, observed)
    assert not set(ruling.rules) & set(observed)


def test_what_is_no_guard_cannot_be_observed_away() -> None:
    loosest = observing("provenance", "plan-lock", "egress")
    assert JUDGE.judge(loosest, case("DELETE /mails", "destructive")).decision == "deny"
    unlisted = case("GET /mails", listed=False)
    assert JUDGE.judge(loosest, unlisted).decision == "deny"
    assert denied_always(loosest, unlisted)


def test_a_mode_is_part_of_the_digest_and_is_warned_of() -> None:
    assert observing("egress").digest != observing().digest
    assert "It only observes egress: such calls pass." in cautions(JUDGE, observing("egress"))
    assert not cautions(JUDGE, JUDGE.default)


def test_a_rule_that_fails_denies_though_it_is_only_observed() -> None:
    text = """@id("all") permit (principal, action, resource);
// argument body.amount integer
@id("big") @guard("egress") forbid (principal, action, resource)
when { context.arguments.body has amount && context.arguments.body.amount * 9223372036854775807 > 1 };"""
    ruling = JUDGE.judge(observing("egress", text=text), case("POST /pay", "write", arguments={"body": {"amount": 9}}))
    assert (ruling.decision, ruling.rules) == ("deny", ("engine-error",))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("// mode provenance off\n" + DEFAULT, "declares 'provenance' as 'off'"),
        ("// mode everything observe\n" + DEFAULT, "declares 'everything'"),
        ("// mode egress observe\n// mode egress enforce\n" + DEFAULT, "once for each guard"),
        ("// mode \u0435gress observe\n" + DEFAULT, "declares"),
        ('// mode egress observe\n@id("a") permit (principal, action, resource);', "but it has none"),
        ('@id("a") @guard("egress") permit (principal, action, resource);', "permits"),
        ('@id("a") @guard("all") forbid (principal, action, resource);', "says 'all'"),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused_at_load(text: str, told: str) -> None:
    policy_set = PolicySet(name="mine", text=text)
    with pytest.raises(Invalid, match=told):
        JUDGE.check(policy_set)
    assert JUDGE.judge(policy_set, WRITE).decision == "deny"


def test_a_name_that_only_looks_like_an_allowed_one_is_not_allowed() -> None:
    text = """// argument body.to text
@id("bob") permit (principal, action, resource)
when { context.arguments.body has to && context.arguments.body.to == "bob" };"""
    allowing = PolicySet(name="mine", text=text)
    said = {
        name: JUDGE.judge(allowing, case("POST /pay", "write", arguments={"body": {"to": name}})).decision
        for name in ("bob", "b\u043eb", "\uff42ob", "bob\u200b", "Bob", "b\u006f\u0308b")
    }
    assert [name for name, decision in said.items() if decision == "allow"] == ["bob"]


@pytest.mark.parametrize(
    "text",
    [
        '@id("x") @reason("\n// mode egress observe\n") forbid (principal, action, resource);\n',
        '@id("x") @reason("said \\"\n// mode egress observe") forbid (principal, action, resource);\n',
        '@id("x") @reason("\n// argument body.a texts\n") forbid (principal, action, resource);\n',
    ],
)
def test_a_line_within_a_quoted_text_declares_nothing(text: str) -> None:
    held = PolicySet(name="mine", text=DEFAULT + text)
    assert modes(held)["egress"] == "enforce" and "a" not in declared(held)["body"]
    assert JUDGE.judge(held, WRITE).decision == "deny"


def test_a_comment_that_quotes_is_a_comment() -> None:
    text = '// so called "rules\n// mode egress observe\n// as "agreed\n'
    assert modes(PolicySet(name="mine", text=text + DEFAULT))["egress"] == "observe"
