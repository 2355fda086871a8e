"""Name what can go wrong with an embedded server.

::

    Unavailable
    └── ServerFailed    the program ended, or never became ready
        ├── FolderTaken     another process works in this data folder
        └── PortTaken       another process listens on this port
"""

from domain.errors import Unavailable


class ServerFailed(Unavailable):
    """Report a server program that ended or did not become ready."""


class FolderTaken(ServerFailed):
    """Report a data folder in which another process works."""


class PortTaken(ServerFailed):
    """Report a port on which another process listens."""
