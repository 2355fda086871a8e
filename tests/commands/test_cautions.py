"""Rules that let through what hardly anybody wants let through are warned of."""

import pytest

from adapters.policy.cedar import SHIPPED, CedarJudge
from commands.cautions import cautions
from domain.catalog.policies import PolicySet

LISTED = "context.listed"
CAREFUL = 'resource.effect == "read"'


def rules(condition: str) -> PolicySet:
    """Permit whatever meets a condition."""
    return PolicySet(name="mine", text=f'@id("some") permit (principal, action, resource) when {{ {condition} }};')


def test_a_set_that_always_allows_is_warned_of_in_three_ways() -> None:
    assert cautions(CedarJudge(), rules("true")) == (
        "It allows tools that are not on the agent's list.",
        "It allows whatever destroys.",
        "It allows writes to wherever untrusted text says.",
    )


@pytest.mark.parametrize(
    ("condition", "warned"),
    [
        (f"{LISTED} && {CAREFUL}", ()),
        (CAREFUL, ("It allows tools that are not on the agent's list.",)),
        (f'{LISTED} && resource.effect != "destructive"', ("It allows writes to wherever untrusted text says.",)),
        (f'{LISTED} && (context.bound || resource.effect == "destructive")', ("It allows whatever destroys.",)),
        (f'{LISTED} && resource.tool == "send_mail"', ()),
    ],
)
def test_each_is_warned_of_by_itself(condition: str, warned: tuple[str, ...]) -> None:
    assert cautions(CedarJudge(), rules(condition)) == warned


def test_nothing_is_said_of_the_sets_that_come_with_the_product() -> None:
    assert [cautions(CedarJudge(), each) for each in SHIPPED] == [(), ()]
