"""Say what is wrong with the order of a plan's steps: every step comes behind those that it waits for."""

from collections.abc import Sequence

Waits = Sequence[Sequence[int]]
"""Lists for each step, from 1, the numbers of those that it waits for."""


def order_problems(waits: Waits, first: int = 1) -> tuple[str, ...]:
    """Return why steps can never start as they are ordered: a circle, then what else each step says wrong.

    The steps are numbered from ``first`` on; those before are there already and may be waited for.
    """
    before = first - 1
    shifted = [[other - before for other in others if not 1 <= other <= before] for others in waits]
    circle = _circle(shifted)
    found = [_in_words([number + before for number in circle])] if circle else []
    for number, others in enumerate(shifted, 1):
        faults = (_fault(number, other, len(waits), set(circle), before) for other in others)
        found += [fault for fault in faults if fault]
    return tuple(found)


def _fault(number: int, other: int, steps: int, inside: set[int], before: int) -> str:
    here, there = number + before, other + before
    if other == number:
        return f"step {here} waits for itself"
    if not 1 <= other <= steps:
        return f"step {here} waits for step {there}, but the steps are numbered 1 to {steps + before}"
    if other > number and not {other, number} <= inside:
        return f"step {here} waits for step {there}, which comes later: put each step behind those that it waits for"
    return ""


def _circle(waits: Waits) -> list[int]:
    """Return steps that wait for each other in a circle, begun at the smallest; none that waits for itself alone."""
    done: set[int] = set()
    for start in range(1, len(waits) + 1):
        path: list[int] = []
        left = [iter([start])]
        while left:
            step = next(left[-1], 0)
            if step in path:
                return _from_smallest(path[path.index(step) :])
            if step and step not in done:
                path.append(step)
                left.append(iter([each for each in waits[step - 1] if 1 <= each <= len(waits) and each != step]))
            elif not step:
                left.pop()
                done.update(path[-1:])
                path = path[:-1]
    return []


def _from_smallest(circle: list[int]) -> list[int]:
    first = circle.index(min(circle))
    return circle[first:] + circle[:first]


def _in_words(circle: Sequence[int]) -> str:
    waiting = " waits for ".join(f"step {number}" for number in (*circle, circle[0]))
    return f"the plan goes in a circle: {waiting}"
