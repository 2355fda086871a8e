"""A document that asks for too much is refused before anything is looked up, and told what to do instead."""

import time

import pytest
from graphql import parse

from api.graphql.limits import MOST_FIELDS, check
from api.graphql.schema import schema
from domain.errors import Invalid

KNOWN = schema()._schema


def refusal(document: str, **variables: object) -> str:
    """Return why a document is refused."""
    with pytest.raises(Invalid) as refused:
        check(KNOWN, parse(document), variables)
    return str(refused.value)


def permit(document: str, **variables: object) -> None:
    """Assert that a document is not refused."""
    check(KNOWN, parse(document), variables)


def test_one_session_with_everything_is_permitted() -> None:
    permit(
        """query ($id: ID!) { session(id: $id) { id goal tasks { id step inputJson outputJson actions { id requestJson
        responseJson } } verdicts { call rules } approvals { id } cost { breakdown { step tokensIn } } stateAt { state
        changes { path before after } } events(first: 500) { nodes { position title detail event } } } }"""
    )


def test_fifty_sessions_with_their_tasks_and_actions_are_permitted() -> None:
    permit("{ sessions(first: 50) { nodes { id goal status tasks { id goal actions { id status } } } } }")


def test_what_lies_too_deep_is_refused() -> None:
    deep = "{ id " * 11 + "}" * 11
    assert "at most 10 levels" in refusal(deep)


def test_depth_is_counted_through_fragments() -> None:
    chain = " ".join(f"fragment F{n} on Session {{ id ... on Session {{ x {{ ...F{n + 1} }} }} }}" for n in range(12))
    # Fields that do not exist have a depth too: validation has not spoken yet.
    assert "levels" in refusal(
        f"{{ session(id: 1) {{ ...F0 }} }} {chain} fragment F12 on Session {{ id }}".replace("x {", "tasks {")
    )


def test_a_few_revisions_are_checked_at_once_and_no_more() -> None:
    def checked(many: int) -> str:
        return "{ " + " ".join(f'd{n}: drift(api: "a", digest: "{n}") {{ calls }}' for n in range(many)) + " }"

    permit(checked(4))
    assert "fields in the answer" in refusal(checked(5))


def test_too_many_aliases_are_refused() -> None:
    assert "at most 30 aliases" in refusal("{ " + " ".join(f"a{n}: agents {{ id }}" for n in range(31)) + " }")


def test_aliases_in_fragments_count_too() -> None:
    aliases = " ".join(f"a{n}: id" for n in range(31))
    assert "aliases" in refusal(f"{{ agents {{ ...F }} }} fragment F on Agent {{ {aliases} }}")


def test_too_many_fields_at_the_root_are_refused() -> None:
    assert "at most 30 fields at the root" in refusal("{ " + "agents { id } " * 31 + " }")


def test_too_many_directives_are_refused() -> None:
    assert "at most 30 directives" in refusal("{ agents { id " + "@skip(if: true) " * 31 + "} }")


def test_what_validation_would_compare_for_long_is_refused() -> None:
    same = "{ sessions(first: 1) { " + "pageInfo { endCursor } " * 200 + "} }"
    assert "as written" in refusal(same)
    spread = " ".join(f"fragment F{n} on Session {{ id goal }}" for n in range(101))
    assert "as written" in refusal(
        "{ session(id: 1) { " + " ".join(f"...F{n}" for n in range(101)) + f" }} }} {spread}"
    )


def test_several_operations_are_refused() -> None:
    assert "one operation" in refusal("query A { agents { id } } query B { agents { id } }")


@pytest.mark.parametrize("first", ["500", "1000000000", "9" * 400])
def test_a_large_first_multiplies_what_lies_below(first: str) -> None:
    document = (
        f"{{ sessions(first: {first}) {{ nodes {{ tasks {{ id goal actions {{ id toolId status rules }} }} }} }} }}"
    )
    assert "lower `first`" in refusal(document)


def test_a_first_in_a_variable_counts_alike() -> None:
    wide = "nodes { tasks { id goal actions { id toolId status rules } } }"
    document = f"query ($n: Int! = 500) {{ sessions(first: $n) {{ {wide} }} }}"
    assert "lower `first`" in refusal(document)
    assert "lower `first`" in refusal(document, n=450)
    assert "lower `first`" in refusal(document, n=450.0)
    permit(document, n=20)


def test_a_state_weighs_more_than_a_field() -> None:
    document = "{ sessions(first: %d) { nodes { stateAt { digest } } } }"
    permit(document % 50)
    assert f"at most {MOST_FIELDS} fields" in refusal(document % 150)


def test_the_whole_schema_is_shown_once_but_not_again_and_again() -> None:
    one = "__schema { types { name } }"
    permit(f"{{ {one} }}")
    assert "fields in the answer" in refusal("{ " + " ".join(f"a{n}: {one}" for n in range(6)) + " }")


def test_fragments_that_double_at_every_level_are_measured_at_once() -> None:
    doubled = " ".join(f"fragment F{n} on Session {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    began = time.process_time()
    assert "fields in the answer" in refusal(
        f'{{ session(id: "1") {{ ...F0 }} }} {doubled} fragment F60 on Session {{ id }}'
    )
    assert time.process_time() - began < 60  # and not the longer than ages that 2**60 fields take


def test_fragments_that_lead_back_are_left_to_validation() -> None:
    permit('{ session(id: "1") { ...A } } fragment A on Session { ...B } fragment B on Session { id ...A }')


def test_what_does_not_exist_is_left_to_validation() -> None:
    permit("{ nothing { at { all } } ...Nowhere ... on Nobody { id } }")
