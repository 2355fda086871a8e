"""Facts: what a session may use from now on."""

from domain.session.events.shapes import Fact


class CatalogMigrated(Fact, frozen=True, kw_only=True, tag="session.catalog-migrated.v1"):
    """Somebody let the session go on with another revision of one API.

    ``catalog`` is the digest of the snapshot that it uses from here on, ``before`` of the one that it used until then.
    """

    api: str
    document: str
    catalog: str
    before: str
    by: str
    reason: str = ""
