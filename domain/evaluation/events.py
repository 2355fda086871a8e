"""Say everything that can happen to evaluations; they stand in the stream ``<tenant>/evaluation/runs``."""

import msgspec


class RunGraded(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="evaluation.run-graded.v1",
):
    """A suite was run and graded; ``figures`` are its numbers, and everything else is the blob under ``run``."""

    suite: str
    model: str
    figures: dict[str, float]
    run: str
