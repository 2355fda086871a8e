"""What a value is made of decides what may be done with it: trust is only ever lost on the way."""

from hypothesis import given
from hypothesis import strategies as st

from domain.labels import GOAL, MOST_SOURCES, UNKNOWN, Label, from_source, human, joined

LABELS = st.builds(
    Label,
    sources=st.lists(st.sampled_from(["goal", "human:ada", "tool:mail", "model:choose-1-1"]), unique=True).map(
        lambda sources: tuple(sorted(sources))
    ),
    trusted=st.booleans(),
    private=st.booleans(),
)


@given(st.lists(LABELS, min_size=1), LABELS)
def test_nothing_that_is_added_makes_a_value_trusted_or_public(parts: list[Label], added: Label) -> None:
    before, after = joined(parts), joined([*parts, added])
    assert not after.trusted or (before.trusted and added.trusted)
    assert after.private or not (before.private or added.private)
    assert set(before.sources) | set(added.sources) == set(after.sources)


@given(st.lists(LABELS, min_size=1))
def test_the_order_of_parts_changes_nothing_and_a_part_counts_once(parts: list[Label]) -> None:
    assert joined(parts) == joined(parts[::-1]) == joined([*parts, *parts])


@given(LABELS)
def test_who_puts_a_value_into_words_makes_it_no_more_trusted(label: Label) -> None:
    told = from_source(label, "model:choose-1-1")
    assert (told.trusted, told.private) == (label.trusted, label.private)


def test_a_value_of_more_sources_than_can_be_named_is_not_trusted() -> None:
    people = [human(f"p{number:02}") for number in range(MOST_SOURCES)]
    assert joined(people).trusted
    crowd = from_source(joined(people), "model:choose-1-1")
    assert (crowd.trusted, len(crowd.sources)) == (False, MOST_SOURCES)
    assert not joined([*people, GOAL]).trusted


def test_of_what_nothing_is_known_nothing_is_opened() -> None:
    assert not UNKNOWN.trusted
    assert UNKNOWN.private
    assert joined([]) == UNKNOWN
    assert not joined([GOAL, UNKNOWN]).trusted


def test_the_goal_and_people_are_trusted() -> None:
    assert GOAL.trusted
    assert human("ada").trusted
    assert human("ada").sources == ("human:ada",)
