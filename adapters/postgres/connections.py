"""Open connections as the service's role, and say in our words what is wrong when they fail.

What is wrong is told by its SQLSTATE: values that were sent are Invalid, everything else is Unavailable. Only who opens
the log is Refused, for what worked once heals without anybody correcting the URL: a failover, a restore.

The role comes with the connection (``-c role=``): whoever logs in, even a superuser, can then only do what
``reprise_service`` may, and the database itself refuses to change the log.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from struct import error as StructError
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import UndefinedTable
from psycopg.rows import dict_row

from domain.errors import Invalid, Refused, Unavailable

Connection = AsyncConnection[tuple[Any, ...]]
T = TypeVar("T")

PATIENCE_SECONDS = 10.0
# What a statement may raise; the last three before anything was sent, for values that have no binary form.
FAULTS = (psycopg.Error, UnicodeError, OverflowError, StructError)
# The append function must see what was committed before it got its lock, so never a snapshot of the transaction.
SERVICE_OPTIONS = (
    "-c role=reprise_service -c lock_timeout=1000 -c idle_in_transaction_session_timeout=2000 "
    "-c default_transaction_isolation=read\\ committed"
)
# Cardinality, data, integrity, program limits: the same values would be refused again.
# Source: PostgreSQL, appendix A, error codes.
_OF_THE_VALUES = ("21", "22", "23", "54")
# No server will ever answer these otherwise, so waiting does not help.
_HOPELESS = (
    "does not exist",
    "authentication failed",
    "permission denied",
    "no pg_hba.conf entry",
    "invalid",
)


def service_conninfo(url: str) -> str:
    """Return the connection string under which the service works in its own role."""
    given = str(conninfo_to_dict(url).get("options") or "")
    return make_conninfo(url, options=f"{given} {SERVICE_OPTIONS}".strip(), connect_timeout=5)


async def connect(url: str) -> Connection:
    """Connect once as the service, in autocommit; raise what psycopg raises."""
    return await AsyncConnection.connect(service_conninfo(url), autocommit=True)


async def connect_patiently(url: str, patience: float = PATIENCE_SECONDS) -> Connection:
    """Connect as the service, trying again while the server is away; raise Unavailable."""
    return await patiently(lambda: connect(url), patience)


async def open_patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    """Connect for the first time: like ``patiently``, but raise Refused at once where waiting does not help."""

    async def once() -> T:
        try:
            return await attempt()
        except psycopg.OperationalError as fault:
            _refuse_hopeless(fault)
            raise

    return await patiently(once)


async def patiently(attempt: Callable[[], Awaitable[T]], patience: float = PATIENCE_SECONDS) -> T:
    """Try again while Postgres is away, at most ``patience`` seconds; raise Invalid for the values, Unavailable.

    Tables that are not there yet are not waited for: somebody has to make them first.
    """
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + patience, 0.02
    while True:
        try:
            return await attempt()
        except FAULTS as fault:
            if is_of_the_values(fault) or isinstance(fault, UndefinedTable):
                raise translated(fault) from fault
            if loop.time() + pause > deadline:
                raise Unavailable(
                    f"Expected Postgres to answer within {patience:.0f} s, but {_first_line(fault)}. "
                    "Try again; where REPRISE_POSTGRES_URL is set, see that it is right and that Postgres runs there."
                ) from fault
        await asyncio.sleep(pause)
        pause = min(pause * 2, 0.5)


def is_of_the_values(fault: Exception) -> bool:
    """Tell whether a fault is one of the values that were sent; else it is the server's, whatever it says."""
    if isinstance(fault, psycopg.Error) and fault.sqlstate:
        return fault.sqlstate.startswith(_OF_THE_VALUES)
    return isinstance(fault, psycopg.DataError) or not isinstance(fault, psycopg.Error)


def translated(fault: Exception) -> Invalid | Unavailable:
    """Say in our words what one of FAULTS is."""
    if is_of_the_values(fault):
        return Invalid(f"Expected values that Postgres can store, but {_first_line(fault)}. Correct them.")
    if isinstance(fault, UndefinedTable):
        return Unavailable(
            f"Expected the tables of this version's read models, but {_first_line(fault)}. "
            "Run `reprise migrate`, or start a projector of this version."
        )
    return Unavailable(f"Expected Postgres to take the statement, but {_first_line(fault)}. Try again.")


def _refuse_hopeless(fault: Exception) -> None:
    """Raise Refused for a failure to connect that time does not heal."""
    text = str(fault)
    if 'role "reprise_service" does not exist' in text:
        raise Refused("This database has no role reprise_service yet. Run `reprise migrate` first.") from fault
    if "permission denied to set role" in text:
        raise Refused(
            "This login may not work as reprise_service. "
            "Let an administrator of Postgres run `GRANT reprise_service TO` it."
        ) from fault
    if "FATAL" in text and any(phrase in text for phrase in _HOPELESS):
        raise Refused(f"Postgres does not let us in: {_first_line(fault)}. Correct the URL.") from fault


def _first_line(fault: BaseException) -> str:
    return (str(fault).strip() or type(fault).__name__).splitlines()[0].rstrip(".")


class Pool:
    """Lend at most ``size`` connections for reading; a connection that saw an error is not lent again."""

    def __init__(self, url: str, size: int = 4, prepare: Callable[[Connection], None] | None = None):
        self._url = url
        self._prepare = prepare
        self._idle: list[Connection] = []
        self._free = asyncio.Semaphore(size)

    async def fetch(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Execute one statement that may be repeated and return its rows."""
        return await patiently(lambda: self._fetch(statement, values))

    async def fetch_columns(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Execute one statement that may be repeated and return its rows, each as its columns by name."""
        return await patiently(lambda: self._fetch_columns(statement, values))

    async def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            await self._idle.pop().close()

    async def _fetch(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        async with self._lend() as connection:
            cursor = connection.cursor(binary=True)
            await cursor.execute(statement.encode(), values)
            return await cursor.fetchall() if cursor.description else []

    async def _fetch_columns(self, statement: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        async with self._lend() as connection, connection.cursor(binary=True, row_factory=dict_row) as cursor:
            await cursor.execute(statement.encode(), values)
            return await cursor.fetchall()

    @asynccontextmanager
    async def _lend(self) -> AsyncIterator[Connection]:
        async with self._free:
            connection = self._idle.pop() if self._idle else await self._connect()
            try:
                yield connection
            except BaseException:
                await connection.close()
                raise
            self._idle.append(connection)

    async def _connect(self) -> Connection:
        connection = await connect(self._url)
        if self._prepare:
            self._prepare(connection)
        return connection
