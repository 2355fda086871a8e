"""Keep price lists: check and register revisions, bring one into force, and say what a session's calls cost by one."""

from collections.abc import Sequence

import msgspec

from commands.catalogue import Catalogue, Registered
from commands.catalogue.documents import check_name
from commands.ports import LogNotification
from commands.shell import Shell
from domain.budget.events import PriceEvent, PriceListActivated, PriceListRegistered
from domain.budget.prices import PriceList, WrittenPrices, price_list
from domain.encoding import canonical
from domain.envelope import Context
from domain.errors import Invalid, NotFound
from domain.ids import named_stream

SHORTEST_DIGEST = 8


class ListedPrices(msgspec.Struct, frozen=True, kw_only=True):
    """Show a price list: its revisions, the newest last, and the one in force, "" where it is another list's."""

    name: str
    revisions: tuple[str, ...]
    active: str


async def register_prices(catalogue: Catalogue, shell: Shell, written: WrittenPrices, context: Context) -> Registered:
    """Check a list and keep it as its name's newest revision; nothing is charged by it before it is activated."""
    check_name("price list", written.name)
    prices = price_list(written)
    await shell.store.put_blobs(context.tenant, [canonical(prices)])
    event = PriceListRegistered(name=prices.name, digest=prices.digest, currency=prices.currency)
    return await _append(catalogue, event, context)


async def activate_prices(
    catalogue: Catalogue, shell: Shell, name: str, digest: str, reason: str, context: Context
) -> Registered:
    """Bring a revision into force for every session that starts from now on; an earlier one is how to go back.

    ``digest`` may be cut to eight characters or more; left empty, it is the newest revision.
    """
    if not reason.strip():
        raise Invalid("Expected a reason: say why these prices are to be in force.")
    prices = await find_prices(catalogue, shell, context.tenant, name, digest)
    event = PriceListActivated(name=name, digest=prices.digest, currency=prices.currency, reason=reason)
    return await _append(catalogue, event, context)


async def _append(catalogue: Catalogue, event: PriceEvent, context: Context) -> Registered:
    def append(_: Sequence[LogNotification]) -> Sequence[PriceEvent]:
        return [event]

    written = await catalogue.append(named_stream(context.tenant, "price-list", event.name), context, append)
    return Registered(name=event.name, digest=event.digest, version=written.version, position=written.position)


async def find_prices(catalogue: Catalogue, shell: Shell, tenant: str, name: str, digest: str = "") -> PriceList:
    """Return a revision of a list by its digest, or the newest; raise NotFound."""
    known = (await catalogue.current(tenant)).prices
    revisions = known.revisions.get(name, ())
    if not revisions:
        raise NotFound(f"Expected a price list that exists, out of {_names(known.revisions)}, but got {name[:100]!r}.")
    found = [each for each in revisions if each.startswith(digest)] if digest else [revisions[-1]]
    if len(found) != 1 or (digest and len(digest) < SHORTEST_DIGEST):
        raise NotFound(
            f"Expected {SHORTEST_DIGEST} characters or more that one revision of {name} begins with, out of "
            f"{', '.join(each[:12] for each in revisions)}, but got {digest[:64]!r}."
        )
    return await shell.price_list(tenant, found[0])


def _names(revisions: dict[str, tuple[str, ...]]) -> str:
    return ", ".join(revisions) or "none"


async def list_prices(catalogue: Catalogue, tenant: str) -> list[ListedPrices]:
    """Show every price list of a tenant."""
    known = (await catalogue.current(tenant)).prices
    return [
        ListedPrices(name=name, revisions=revisions, active=known.digest if name == known.name else "")
        for name, revisions in known.revisions.items()
    ]
