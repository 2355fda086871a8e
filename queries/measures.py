"""Ask how much there is of everything, over all tenants, for whoever watches the service."""

import msgspec

from queries.ports import ReadStore
from queries.shapes import shaped


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """Hold how much there is of something; ``label`` says of which kind, "" where there is but one."""

    name: str
    label: str
    value: float


async def measures(store: ReadStore) -> list[Measure]:
    """Return work that is due and how long the oldest has been, by lane; live sessions; what waits for people."""
    return [shaped(Measure, row) for row in await store.fetch("measures")]
