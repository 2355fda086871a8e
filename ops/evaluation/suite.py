"""Say what a suite is, and find its data."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, get_args

import msgspec

from domain.errors import Invalid
from ops.evaluation.injection.cases import Setting
from ops.settings import Settings

EVAL_DATA = "REPRISE_EVAL_DATA"

Option: TypeAlias = Literal["model", "judge", "embeddings"]
Progress: TypeAlias = Callable[[int, int], None]
Figures: TypeAlias = Mapping[str, object]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Say how a suite is to be run: on the data in a folder, by words alone or with ``embeddings``, by which model.

    ``judge`` is the model that judges rubrics; without one they are not graded.
    """

    settings: Settings
    data: Path | None
    embeddings: bool
    progress: Progress
    model: str = ""
    judge: str = ""


class Suite(NamedTuple):
    """Describe a suite; ``source`` says where its data is from, and is empty where it is shipped.

    ``takes`` names what it can be told of how it is to be run: which model, which judge, or to search by meaning too.
    ``settings`` reads the worlds of an injection suite out of the folder of its data. ``folder`` is what that is called
    where not as the suite; ``has_own``: without it the suite runs on cases that are shipped.
    ``figures`` names the numbers of its runs, those in others by dots; ``*`` stands for what only its data names.
    """

    name: str
    words: str
    source: str
    run: Callable[[Wanted], Awaitable[Figures]]
    takes: tuple[Option, ...] = ()
    settings: Callable[[Path | None], Sequence[Setting]] | None = None
    folder: str = ""
    has_own: bool = False
    figures: tuple[str, ...] = ()


def check_options(suite: Suite, wanted: Wanted) -> None:
    """Raise Invalid for an option that a suite makes nothing of: its figures would not be what they seem."""
    for option in get_args(Option):
        if getattr(wanted, option) and option not in suite.takes:
            takes = " and ".join(f"--{each}" for each in suite.takes) or "none of its kind"
            raise Invalid(f"Expected no --{option} for the suite {suite.name}, which takes {takes}.")


def data_of(suite: Suite, given: str | None) -> Path | None:
    """Return the folder of a suite's data; raise Invalid where it needs one that is not there."""
    if not suite.source:
        return None
    root = os.environ.get(EVAL_DATA, "")
    folder = Path(given) if given else Path(root) / (suite.folder or suite.name) if root else None
    if folder and folder.is_dir():
        return folder
    if suite.has_own and not given:
        return None
    place = f"in {folder}, but there is no such folder" if folder else "but nothing says where it is"
    raise Invalid(
        f"Expected the data of {suite.name} {place}: get it from {suite.source}, then name its folder by --data, or "
        f"the folder of all data by {EVAL_DATA}."
    )
