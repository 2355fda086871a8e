"""Speak graphql-transport-ws: queries, mutations and subscriptions, many at a time over one WebSocket.

Who asks is said by the handshake, as for every WebSocket, or by ``authorization`` in the first message. What is wrong
with an operation is told under its id; who does not keep to the protocol is closed with the protocol's codes.
"""

import asyncio
from contextlib import aclosing, suppress
from typing import Any, TypeAlias, assert_never

from litestar import WebSocket, websocket

from api.auth import identify_from, spoken_protocol
from api.graphql.asked import Asked
from api.graphql.messages import PROTOCOL, Complete, Init, Ping, Pong, Said, Subscribe, understood, written
from api.graphql.over_http import loaded
from api.live.websocket import Gone
from api.parameters import check_names
from api.problems import DOUBLED_ID, DOUBLED_INIT, LATE_INIT, NO_PROTOCOL, close_of
from api.services import Given, Services
from api.writes import traceparent_of
from commands.authorize import Principal, Unauthenticated
from domain.errors import Refused, RepriseError

INIT_SECONDS = 5.0
MOST_OPERATIONS = 20
MOST_REASON_BYTES = 123

Socket: TypeAlias = WebSocket[Any, Any, Any]


class Broken(RepriseError):
    """End a conversation that does not keep to the protocol, with the code that it names for this."""

    def __init__(self, code: int, reason: str):
        super().__init__(reason)
        self.code = code


@websocket("/graphql", opt={"open": True})
async def converse(socket: Socket, services: Given) -> None:
    """Hold a conversation until the client leaves, or does not keep to the protocol."""
    with suppress(*Gone):
        await socket.accept(subprotocols=spoken_protocol(socket.scope, PROTOCOL))
        conversation = Conversation(socket, services)
        try:
            await conversation.hold()
        except RepriseError as fault:
            code = fault.code if isinstance(fault, Broken) else close_of(fault)[0]
            await socket.close(code, _reason(fault))
        finally:
            await conversation.end()


def _reason(fault: RepriseError) -> str:
    """Return a message as far as a close frame holds it."""
    return str(fault).encode()[:MOST_REASON_BYTES].decode("utf-8", "ignore")


class Conversation:
    """Be one client's connection, with the operations that go on in it."""

    def __init__(self, socket: Socket, services: Services):
        self._socket = socket
        self._services = services
        self._principal: Principal | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def hold(self) -> None:
        """Do what the client says, until it leaves; raise Broken, Invalid, Unauthenticated, Forbidden."""
        if PROTOCOL not in self._socket.scope["subprotocols"]:
            raise Broken(NO_PROTOCOL, f"Expected the subprotocol {PROTOCOL}.")
        check_names(self._socket.query_params, ())
        try:
            async with asyncio.timeout(INIT_SECONDS) as patience:
                while True:
                    await self._hear(understood(await self._received()))
                    if self._principal:
                        patience.reschedule(None)
        except TimeoutError as fault:
            raise Broken(LATE_INIT, f"Expected connection_init within {INIT_SECONDS:.0f} s, but none came.") from fault

    async def end(self) -> None:
        """End all operations."""
        for task in self._operations.values():
            task.cancel()
        await asyncio.gather(*self._operations.values(), return_exceptions=True)

    async def _received(self) -> Any:
        frame = await self._socket.receive()
        if frame["type"] == "websocket.disconnect":
            raise ConnectionResetError("The client left.")
        return frame

    async def _send(self, message: str) -> None:
        try:
            await self._socket.send_text(message)
        except RuntimeError as fault:  # the server has closed the connection under us
            raise ConnectionResetError("The connection is closed.") from fault

    async def _hear(self, said: Said) -> None:
        match said:
            case Init():
                await self._begin(said)
            case Ping():
                await self._send(written("pong"))
            case Pong():
                pass
            case Subscribe():
                await self._subscribe(said)
            case Complete(id=id):
                if task := self._operations.pop(id, None):
                    task.cancel()
            case _:
                assert_never(said)

    async def _begin(self, said: Init) -> None:
        if self._principal:
            raise Broken(DOUBLED_INIT, "Expected connection_init once, but it came again.")
        shown = said.payload.authorization if said.payload else ""
        self._principal = identify_from(self._services, self._socket.scope, shown)
        await self._send(written("connection_ack"))

    async def _subscribe(self, said: Subscribe) -> None:
        if self._principal is None:
            raise Unauthenticated("Expected connection_init first, but an operation came.")
        if said.id in self._operations:
            raise Broken(DOUBLED_ID, f"Expected an id that is free, but an operation {said.id} goes on.")
        engine = await loaded()
        if len(self._operations) >= MOST_OPERATIONS:
            fault = Refused(f"Expected at most {MOST_OPERATIONS} operations at a time, but this is one more: end some.")
            await self._send(written("error", said.id, payload=engine.faults(fault)))
            return
        task = asyncio.create_task(self._operate(said.id, said.payload, self._principal))
        self._operations[said.id] = task
        task.add_done_callback(lambda done: self._forget(said.id, done))

    def _forget(self, id: str, task: asyncio.Task[None]) -> None:
        if self._operations.get(id) is task:
            del self._operations[id]

    async def _operate(self, id: str, asked: Asked, principal: Principal) -> None:
        """Send an operation's results, and whether it ended well; the client is told nothing once it has left."""
        engine = await loaded()
        told = engine.results(self._services, principal, asked, traceparent=traceparent_of(self._socket.headers))
        with suppress(*Gone):
            async with aclosing(told) as results:
                async for kind, payload in results:
                    await self._send(written(kind, id, payload=payload))
                    if kind == "error":
                        return
            # From here on the client may take the id again.
            self._operations.pop(id, None)
            await self._send(written("complete", id))
