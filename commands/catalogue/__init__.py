"""Register what sessions may use: documents with their tools, and agents."""

from commands.catalogue.appending import Deciding, Written
from commands.catalogue.catalogue import Catalogue
from commands.catalogue.documents import Documents, Ingested, Registered, Settings, check_aside
from commands.catalogue.fetching import fetch_document
from commands.catalogue.webhooks import PlainTool, document_of

__all__ = [
    "Catalogue",
    "Deciding",
    "Documents",
    "Ingested",
    "PlainTool",
    "Registered",
    "Settings",
    "Written",
    "check_aside",
    "document_of",
    "fetch_document",
]
