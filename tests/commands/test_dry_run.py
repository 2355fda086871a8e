"""Rehearse calls whose requests hold what must not be shown, or too much of it."""

from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.dry_run import PREVIEW_BYTES, REDACTED, Header, dry_run
from commands.ports import Prepared, ToolCall
from domain.encoding import foreign
from tests.commands.parts import Model, Shop, Time, shell_of


class Keeper(Shop):
    """Be a tool whose request carries credentials and a large body."""

    async def prepare(self, call: ToolCall) -> Prepared:
        """Say what would be sent."""
        headers = (("accept", "text/plain"), ("Authorization", "Bearer abc"), ("X-Api-Key", "abc"), ("cookie", "s=abc"))
        return Prepared(
            checked=await self.check(call), method="POST", url="http://a/", headers=headers, body=b"b" * 5_000
        )


async def test_credentials_are_named_but_never_shown_and_a_large_body_is_cut(store: PostgresEventStore) -> None:
    shell = shell_of(store, Keeper(), Model(), Time())
    shown = await dry_run(shell, Catalogue(shell), "local", "order", foreign({}))
    assert [each.name for each in shown.headers if each.value == REDACTED] == ["Authorization", "X-Api-Key", "cookie"]
    assert Header(name="accept", value="text/plain") in shown.headers
    assert (shown.body_bytes, len(shown.body_preview)) == (5_000, PREVIEW_BYTES)
    assert "person is asked" in shown.idempotency
