"""Say what is recorded of a memory: without personal values, and with what it means."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from commands.memory.memories import told
from commands.shell import Shell
from domain.errors import Invalid
from domain.ids import named_stream
from domain.memory.events import KINDS, MemoryAdded, MemoryEmbedded, MemoryEvent

MOST_CHARACTERS = 8_000
MOST_SUBJECT = 200


async def written_down(shell: Shell, tenant: str, added: MemoryAdded) -> Sequence[MemoryEvent]:
    """Return what is recorded of a memory: without personal values, with what it means; raises Invalid, Unavailable."""
    check(added)
    bare = without_meaning(shell, added)
    (meaning,) = await shell.memory.embed(tenant, [told(bare.subject, bare.text)])
    return bare, MemoryEmbedded(id=added.id, embedding=meaning)


def without_meaning(shell: Shell, added: MemoryAdded) -> MemoryAdded:
    """Return a memory without personal values: nothing but their kind is left of them."""
    return replace(added, text=shell.redactor.blanked(added.text), subject=shell.redactor.blanked(added.subject))


def check(added: MemoryAdded) -> None:
    """Raise Invalid for what cannot be remembered."""
    if not added.text.strip() or len(added.text) > MOST_CHARACTERS:
        raise Invalid(f"Expected a text of 1 to {MOST_CHARACTERS} characters, but it has {len(added.text)}.")
    if len(added.subject) > MOST_SUBJECT:
        raise Invalid(f"Expected a subject of at most {MOST_SUBJECT} characters, but it has {len(added.subject)}.")
    if added.kind not in KINDS:
        raise Invalid(f"Expected a kind out of {', '.join(KINDS)}, but got {added.kind!r}.")
    if added.kind == "entity" and not added.subject.strip():
        raise Invalid("Expected the subject that an entity's memory is about, but there is none.")
    if "\0" in added.text + added.subject:
        raise Invalid("Expected a text without the character NUL.")


def memory_stream(tenant: str, memory: str) -> UUID:
    """Return the stream of a memory; of another tenant's id it is a stream where nothing is."""
    return named_stream(tenant, "memory", memory)
