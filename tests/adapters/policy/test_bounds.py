"""Whatever text is given as rules is read or refused, and never ends the process."""

import subprocess
import sys

import pytest

from adapters.policy.cedar import CedarJudge
from domain.catalog.policies import MOST_BYTES, PolicySet
from domain.errors import Invalid

RULE = '@id("a") permit (principal, action, resource) when {{ {} }};'
HOSTILE = {
    "brackets": "(" * 5_000 + "true" + ")" * 5_000,
    "lists": "[" * 1_000 + "]" * 1_000 + " == []",
    "records": "{a:" * 1_000 + "1" + "}" * 1_000 + " == {}",
    "denials": "!(" * 1_000 + "true" + ")" * 1_000,
    "sums": "context.hour == " + " + ".join(["1"] * 60_000),
    "members": "context" + ".a" * 120_000 + " == 1",
    "choices": "if true then " * 11_000 + "true" + " else true" * 11_000,
    "behind a comment": "// ; \r" + "context.hour == " + " + ".join(["1"] * 60_000),
    "alternatives": " || ".join(["context.hour == 1"] * 200),
    "a thousand alternatives": " || ".join(["context.hour == 1"] * 1_000),
}


def policy_set(condition: str) -> PolicySet:
    return PolicySet(name="hostile", text=RULE.format(condition))


@pytest.mark.parametrize("condition", HOSTILE.values(), ids=HOSTILE)
def test_rules_that_nest_without_end_are_refused_and_end_no_process(condition: str) -> None:
    assert len(condition) < MOST_BYTES
    program = (
        "import sys; from adapters.policy.cedar import CedarJudge; from domain.catalog.policies import PolicySet\n"
        "from domain.errors import Invalid\n"
        "try: CedarJudge().check(PolicySet(name='hostile', text=sys.stdin.read()))\n"
        "except Invalid as fault: print(fault)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=RULE.format(condition), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "split it" in done.stdout


def test_a_bracket_in_a_text_or_a_comment_nests_nothing() -> None:
    text = '"' + "(" * 100 + '\\"" == "" // ' + "[" * 100 + "\n"
    assert CedarJudge().check(policy_set(text)) == ("a",)


def test_a_rule_may_name_many_values_and_a_set_may_have_many_rules() -> None:
    names = ", ".join(f'"n{each}"' for each in range(2_000))
    assert CedarJudge().check(policy_set(f"[{names}].contains(context.user)")) == ("a",)
    rules = "\n".join(f'@id("r{each}") permit (principal, action, resource);' for each in range(900))
    assert len(CedarJudge().check(PolicySet(name="many", text=rules))) == 900


def test_the_line_of_what_is_too_long_is_named() -> None:
    with pytest.raises(Invalid, match="in line 3"):
        CedarJudge().check(policy_set("\n\n" + "(" * 60 + "true" + ")" * 60))
