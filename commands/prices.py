"""Keep price lists: check and register revisions, bring one into force, and say what a session's calls cost by one."""

import msgspec

from commands.catalogue import Catalogue, Registered
from commands.catalogue.documents import check_name
from commands.named_revisions import check_reason, record_revision, whole_digest
from commands.shell import Shell
from domain.budget.events import PriceListActivated, PriceListRegistered
from domain.budget.prices import PriceList, WrittenPrices, price_list
from domain.encoding import canonical
from domain.envelope import Context
from domain.errors import NotFound

AGGREGATE = "price-list"


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
    return await record_revision(catalogue, AGGREGATE, event, context)


async def activate_prices(
    catalogue: Catalogue, shell: Shell, name: str, digest: str, reason: str, context: Context
) -> Registered:
    """Bring a revision into force for every session that starts from now on; an earlier one is how to go back.

    ``digest`` may be cut to eight characters or more; left empty, it is the newest revision.
    """
    check_reason(reason, "prices")
    prices = await find_prices(catalogue, shell, context.tenant, name, digest)
    event = PriceListActivated(name=name, digest=prices.digest, currency=prices.currency, reason=reason)
    return await record_revision(catalogue, AGGREGATE, event, context)


async def find_prices(catalogue: Catalogue, shell: Shell, tenant: str, name: str, digest: str = "") -> PriceList:
    """Return a revision of a list by its digest, or the newest; raise NotFound."""
    known = (await catalogue.current(tenant)).prices
    revisions = known.revisions.get(name, ())
    if not revisions:
        raise NotFound(f"Expected a price list that exists, out of {_names(known.revisions)}, but got {name[:100]!r}.")
    return await shell.price_list(tenant, whole_digest(name, revisions, digest))


def _names(revisions: dict[str, tuple[str, ...]]) -> str:
    return ", ".join(revisions) or "none"


async def list_prices(catalogue: Catalogue, tenant: str) -> list[ListedPrices]:
    """Show every price list of a tenant."""
    known = (await catalogue.current(tenant)).prices
    return [
        ListedPrices(name=name, revisions=revisions, active=known.digest if name == known.name else "")
        for name, revisions in known.revisions.items()
    ]
