"""Name everything that can go wrong, once, by what the caller can do about it.

::

    RepriseError
    ├── Refused        the caller can fix it: nothing was written
    │   ├── Invalid        the input does not have the expected form
    │   ├── NotFound       nothing exists under this name
    │   ├── Forbidden      this actor may not do this
    │   ├── Stale          If-Match named another version than the current one
    │   ├── CommandReused  the idempotency key was used for another request
    │   ├── NotPossible    the state does not permit it (it has ended, it was decided already…)
    │   ├── TooLarge       more bytes than are accepted
    │   └── WrongLog       a position or cursor of another log
    ├── Conflict       somebody else wrote first: read the new events and try again
    ├── Unavailable    a part cannot be reached now: the same request may succeed later
    └── Divergence     replay decided otherwise than was recorded: a bug, or a changed log

A message says what was expected, what came, and what to do.
"""


class RepriseError(Exception):
    """Be the root of every error that Reprise raises on purpose."""


class Refused(RepriseError):
    """Say no to a request that the caller can mend; nothing was written."""


class Invalid(Refused):
    """Refuse input that does not have the expected form."""


class NotFound(Refused):
    """Refuse a name under which nothing exists."""


class Forbidden(Refused):
    """Refuse an actor who may not do this."""


class Stale(Refused):
    """Refuse a write that was made against an older version."""


class CommandReused(Refused):
    """Refuse an idempotency key that was used for another request."""


class NotPossible(Refused):
    """Refuse a command that the present state does not permit."""


class TooLarge(Refused):
    """Refuse more bytes than are accepted."""


class WrongLog(Refused):
    """Refuse a position or cursor that belongs to another log."""


class Conflict(RepriseError):
    """Report that the stream's head is not where the writer thought; read on and decide again."""


class Unavailable(RepriseError):
    """Report a part that cannot be reached now; the same request may succeed later."""


class Divergence(RepriseError):
    """Report that replay decided otherwise than was recorded."""
