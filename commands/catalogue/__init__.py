"""Register what sessions may use: documents with their tools, and agents."""

from commands.catalogue.appending import Deciding, Written
from commands.catalogue.catalogue import Catalogue
from commands.catalogue.documents import Documents, Ingested, Registered
from commands.catalogue.fetching import fetch_document

__all__ = ["Catalogue", "Deciding", "Documents", "Ingested", "Registered", "Written", "fetch_document"]
