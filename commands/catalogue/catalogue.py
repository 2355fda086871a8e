"""Be the catalogue to whoever registers in it or asks what is in it."""

from commands.catalogue.agents import Agents
from commands.catalogue.overriding import Overrides
from commands.catalogue.revisions import StagedRevisions


class Catalogue(StagedRevisions, Overrides, Agents):
    """Know the catalogue of every tenant, as it stands in the log, and add to it."""
