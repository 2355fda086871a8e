"""Name what the write side needs of the world; adapters implement these protocols.

Adapters translate their vendor's errors into those of `domain.errors` and into the fault types below.
"""

from commands.ports.content_filters import ContentFilter, FilterLabel, Looked, Opinion
from commands.ports.credentials import Bindings, Secrets
from commands.ports.dialling import Dialer, DialFault, HttpRequest, HttpResponse, HttpStream, StreamingDialer
from commands.ports.judging import Case, Judge, Ruling
from commands.ports.log import Appended, EventStore, Listener, LogEvent, LogNotification, RecordedCommand, SessionRow
from commands.ports.meaning import Embedder, Meanings, TextEmbedder
from commands.ports.memories import Confines, MemoryIndex, StoredMemory
from commands.ports.models import Live, ModelFault, Models, Question, Reply, Said, Telling, unheard
from commands.ports.personal_values import Marked, MarkedPlaces, Seal, SessionKeys
from commands.ports.surroundings import Chance, Clock, Lane
from commands.ports.tools import (
    Checked,
    Description,
    Prepared,
    Rates,
    ToolAnswer,
    ToolCall,
    ToolFault,
    Tools,
    Turn,
    any_time,
)
from commands.ports.waking import DueSession, OpenWork, Wakeups

__all__ = [
    "Appended",
    "Bindings",
    "Case",
    "Chance",
    "Checked",
    "Clock",
    "Confines",
    "ContentFilter",
    "Description",
    "DialFault",
    "Dialer",
    "DueSession",
    "Embedder",
    "EventStore",
    "FilterLabel",
    "HttpRequest",
    "HttpResponse",
    "HttpStream",
    "Judge",
    "Lane",
    "Listener",
    "Live",
    "LogEvent",
    "LogNotification",
    "Looked",
    "Marked",
    "MarkedPlaces",
    "Meanings",
    "MemoryIndex",
    "ModelFault",
    "Models",
    "OpenWork",
    "Opinion",
    "Prepared",
    "Question",
    "Rates",
    "RecordedCommand",
    "Reply",
    "Ruling",
    "Said",
    "Seal",
    "Secrets",
    "SessionKeys",
    "SessionRow",
    "StoredMemory",
    "StreamingDialer",
    "Telling",
    "TextEmbedder",
    "ToolAnswer",
    "ToolCall",
    "ToolFault",
    "Tools",
    "Turn",
    "Wakeups",
    "any_time",
    "unheard",
]
