"""Be the catalogue to whoever registers in it or asks what is in it."""

from commands.catalogue.agents import Agents
from commands.catalogue.documents import RegisteredDocuments
from commands.catalogue.overriding import Overrides


class Catalogue(RegisteredDocuments, Overrides, Agents):
    """Know the catalogue of every tenant, as it stands in the log, and add to it."""
