"""Keep what has a name and revisions that go by their digests: policy sets and price lists."""

from collections.abc import Sequence

from commands.catalogue import Catalogue, Registered
from domain.budget.events import PriceListActivated, PriceListRegistered
from domain.catalog.events import PolicySetActivated, PolicySetRegistered
from domain.envelope import Context
from domain.errors import Invalid, NotFound
from domain.ids import named_stream

SHORTEST_DIGEST = 8


async def record_revision(
    catalogue: Catalogue,
    aggregate: str,
    event: PolicySetRegistered | PolicySetActivated | PriceListRegistered | PriceListActivated,
    context: Context,
) -> Registered:
    """Record what is said of a revision in the stream of its name."""
    written = await catalogue.record(named_stream(context.tenant, aggregate, event.name), context, [event])
    return Registered(name=event.name, digest=event.digest, version=written.version, position=written.position)


def whole_digest(name: str, revisions: Sequence[str], digest: str) -> str:
    """Return the digest of the revision that ``digest`` begins, or where it is empty the newest; raise NotFound."""
    found = [each for each in revisions if each.startswith(digest)] if digest else [revisions[-1]]
    if len(found) != 1 or (digest and len(digest) < SHORTEST_DIGEST):
        raise NotFound(
            f"Expected a revision of {name} by {SHORTEST_DIGEST} characters of its digest or more, out of "
            f"{', '.join(each[:12] for each in revisions)}, but got {digest[:100]!r}."
        )
    return found[0]


def check_reason(reason: str, things: str) -> None:
    """Raise Invalid where nobody says why these things are to be in force."""
    if not reason.strip():
        raise Invalid(f"Expected a reason: say why these {things} are to be in force.")
