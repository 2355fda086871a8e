"""Make up what tries to carry a credential away: places, values, answers; and ears that hear what arrives where."""

import asyncio
import base64
import html
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

Answers = Callable[[bytes], bytes | None]
"""Answer a raw request with raw bytes; None closes the connection, b"" keeps it open in silence."""

SILENCE_SECONDS = 60


@dataclass
class Ear:
    """Hold every byte that one address heard."""

    host: str
    port: int
    heard: list[bytes] = field(default_factory=list)
    answer: Answers = lambda _: None

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"


@asynccontextmanager
async def listening(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Ear]:
    """Hear what arrives at an address of the loopback network."""
    ear = Ear(host, port)
    open_now: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            if request := await _request(reader):
                ear.heard.append(request)
                answered = ear.answer(request) if request[:1] != b"\x16" else None
                if answered == b"":
                    await asyncio.sleep(SILENCE_SECONDS)
                writer.write(answered or b"")
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass  # whoever called has gone
        finally:
            writer.close()
            open_now.discard(asyncio.current_task())

    server = await asyncio.start_server(converse, host, port, limit=1 << 20)
    ear.port = server.sockets[0].getsockname()[1]
    try:
        yield ear
    finally:
        server.close()
        for task in list(open_now):
            task.cancel()


async def _request(reader: asyncio.StreamReader) -> bytes:
    try:
        first = await reader.readexactly(1)
        if first == b"\x16":
            return first + await reader.read(1 << 16)  # it speaks TLS, and nothing here answers that
        head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as cut:
        return cut.partial
    except asyncio.LimitOverrunError:
        return await reader.read(1 << 16)
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head + (await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b"")


@dataclass(frozen=True)
class Canary:
    """Be a secret that is recognised in every form in which it may turn up."""

    value: str
    core: str

    def in_(self, said: str | bytes) -> bool:
        """Tell whether something said holds it, also where JSON, base64 or another width of characters hide it."""
        data = said if isinstance(said, bytes) else said.encode("utf-8", "surrogatepass")
        return any(form in each for each in _readings(data) for form in (self.core, *self._hidden()))

    def _hidden(self) -> tuple[str, ...]:
        whole = base64.b64encode(self.value.encode()).decode().rstrip("=")
        return whole, whole.replace("+", "-").replace("/", "_"), self.value.encode().hex()


def _readings(data: bytes) -> list[str]:
    wide = [data[start:].decode(code, "ignore") for start in (0, 1) for code in ("utf-16-le", "utf-16-be")]
    found = [data.decode("utf-8", "replace"), *wide]
    try:
        return [*found, json.dumps(json.loads(data), ensure_ascii=False)]
    except (ValueError, RecursionError):
        return found


def written(value: str, draw: random.Random) -> bytes:
    """Write a credential in one of the ways in which a server may return it."""
    ways: list[Callable[[], bytes]] = [
        value.encode,
        lambda: quote(value, safe="").encode(),
        lambda: quote(value, safe="").lower().encode() if "%" in quote(value, safe="") else value.encode(),
        lambda: html.escape(value).encode(),
        lambda: base64.b64encode(value.encode()),
        lambda: base64.urlsafe_b64encode(value.encode()),
        lambda: value.encode().hex().encode(),
        lambda: json.dumps(value)[1:-1].encode(),
        lambda: value.encode("utf-16-le"),
        lambda: value.encode("utf-16-be"),
        lambda: b"Bearer " + value.encode(),
        lambda: (value * draw.randint(2, 50)).encode(),
        lambda: repr(value).encode(),
    ]
    return draw.choice(ways)()


def _escaped(value: str, draw: random.Random) -> bytes:
    return "".join(
        f"\\u{ord(char):04{draw.choice('xX')}}" if draw.random() < 0.7 else json.dumps(char)[1:-1] for char in value
    ).encode()


def bodies(value: str, draw: random.Random) -> bytes:
    """Write an answer's body that holds a credential somewhere."""
    said = written(value, draw)
    match draw.randrange(7):
        case 0:
            return said
        case 1:
            return b'{"error": "%s"}' % _escaped(value, draw)
        case 2:
            return b'[1.10, {"%s": ["%s"]}, null]' % (_escaped(value, draw), _escaped(value, draw))
        case 3:
            return b"<error><detail>%s</detail></error>" % said
        case 4:
            return json.dumps({"a": [{"b": value}] * draw.randint(1, 20), value: "x"}).encode()
        case 5:
            return bytes(draw.randrange(256) for _ in range(draw.randrange(40))) + said + b"\xff\xfe\x00"
        case _:
            return b'{"cut off": "' + said


STATUSES = (200, 200, 200, 201, 204, 400, 401, 403, 404, 409, 422, 429, 500, 503)


def answers(value: str, draw: random.Random) -> bytes | None:
    """Write a whole answer that holds a credential, well or badly formed; or none at all."""
    body, status = bodies(value, draw), draw.choice(STATUSES)
    plain = value.encode("latin-1")
    kind = draw.choice(
        (b"application/json", b"text/plain", b"application/octet-stream", b"application/json;x=" + plain)
    )
    head = b"HTTP/1.1 %d OK\r\ncontent-type: %s\r\n" % (status, kind)
    length = b"content-length: %d\r\n\r\n" % len(body)
    match draw.randrange(12):
        case 0:
            return b"HTTP/1.1 200 " + plain + b"\r\ncontent-length: 2\r\n\r\n{}"
        case 1:
            return plain + b" is no status line\r\n\r\n"
        case 2:
            return head + plain + b"\r\n" + length + body
        case 3:
            return head + b"x-echo: " + plain + b"\r\nwww-authenticate: Bearer " + plain + b"\r\n" + length + body
        case 4:
            return head + b"content-length: 99999\r\n\r\n" + body
        case 5:
            return head + b"transfer-encoding: chunked\r\n\r\n" + _chunked(body, draw)
        case 6:
            return head + b"content-encoding: " + plain + b"\r\n" + length + body
        case 7:
            return head + b"retry-after: " + plain + b"\r\n" + length + body
        case 8:
            return None
        case _:
            return head + length + body


def _chunked(body: bytes, draw: random.Random) -> bytes:
    size = draw.randint(1, 7)
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def redirects(to: str, value: str, draw: random.Random) -> bytes:
    """Write an answer that sends whoever follows it to another place."""
    plain = value.encode("latin-1")
    where = draw.choice((f"{to}/", f"//{to.partition('//')[2]}/x", f"{to}/?next=", f"{to}\\@")).encode()
    status = draw.choice((301, 302, 303, 307, 308, 201, 202, 300))
    lines = [
        b"location: " + where + (plain if draw.random() < 0.5 else b""),
        b"refresh: 0;url=" + where,
        b"link: <" + where + b'>; rel="next"',
        b"content-location: " + where,
        b'alt-svc: h2="' + to.partition("//")[2].encode() + b'"',
    ]
    chosen = [lines[0], *draw.sample(lines[1:], draw.randrange(4))]
    return b"HTTP/1.1 %d Elsewhere\r\n%s\r\ncontent-length: 0\r\n\r\n" % (status, b"\r\n".join(chosen))


def values(evil: str, draw: random.Random) -> str:
    """Make up an argument that tries to move a request to another place, or to open a place within it."""
    pieces = [
        evil, f"//{evil}", f"http://{evil}", f"https://{evil}/", f"@{evil}", f":80@{evil}", f"\\\\{evil}", f"/\\{evil}",
        "..", "../", "%2e%2e", "%252e%252e%252f", "..%2f", "..\\", ".", "/", "//", "\\", "%2f", "%5c", "%00", "\x00",
        "\r\n", "\r\nHost: " + evil, "%0d%0aHost:%20" + evil, "\n", "\r", "\t", "?", "#", "&", "=", ";", "@", ":", "%",
        "key=", "&key=x", "sid=x", "; sid=x", "X-Key: x", "Authorization", "\u2028", "\uff0f", "\u2215", "\u3002",
        "e\u0301", "\U0001f600", "\ud800", " ", "a", "1", "[::1]", "127.1", "0x7f000001", "localhost", "[credential]",
        "HTTP/1.1\r\n\r\nGET / HTTP/1.1", "${REPRISE_SECRET_KEY}", "{{key}}", "env:REPRISE_SECRET_KEY",
    ]  # fmt: skip
    return "".join(draw.choice(pieces) for _ in range(draw.randint(1, 5)))


def places(approved: Ear, evil: Ear, draw: random.Random) -> str:
    """Make up the address of an API that pretends to be the approved one."""
    good, bad = f"127.0.0.1:{approved.port}", f"{evil.host}:{evil.port}"
    forms = [
        f"http://{bad}", f"http://{good}@{bad}", f"http://{bad}#{good}", f"http://{bad}?{good}", f"http://{bad}/{good}",
        f"http://{good}.{bad}", f"http://{good}\\@{bad}", f"http://{good}%40{bad}", f"http://{bad}\\{good}",
        f"http://{good}:{evil.port}", f"http://127.0.0.1:0{approved.port}@{bad}", f"//{bad}", f"{bad}", "",
        f"http://127.1:{evil.port}", f"http://2130706433:{evil.port}", f"http://0x7f000001:{evil.port}",
        f"http://[::ffff:127.0.0.1]:{evil.port}", f"http://localhost:{evil.port}", f"HTTP://{bad}", f"http:/{bad}",
        f"http:{bad}", f"http://{bad}\t", f"http://\r\n{bad}", f"http://{bad}\x00{good}", f"https://{bad}",
        f"https://{good}", f"ftp://{good}", f"file://{good}/etc", f"http://{good}\uff20{bad}", f"http://[{good}",
        f"http://{good}:99999", f"http://ⓛocalhost:{evil.port}", f"http://127。0。0。1:{evil.port}",
    ]  # fmt: skip
    tail = "".join(draw.choice(["/", "v1", "..", "%2e", "@", "\\", bad, ";", "a"]) for _ in range(draw.randrange(4)))
    return draw.choice(forms) + ("/" + tail if tail else "")
