"""No request leaves for anywhere but where it may: over thousands of hostile URLs, asserted where a socket would open.

The network below the dialer is a recorder: it notes each address and port that would be dialled, and opens nothing.
Names are resolved by the tests.
"""

import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore
import pytest

from adapters.http.dialer import HttpDialer
from adapters.http.egress import Egress
from adapters.models.models import ModelRouter
from commands.ports import DialFault, HttpRequest, ModelFault, Question
from domain.session.prompt import Message, Prompt

FORMS = 12_000
PUBLIC = "93.184.216.34"
GOOD = "https://api.good.example"
INSIDE = ["127.0.0.1", "10.1.2.3", "172.31.255.254", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"]


class Recorder(httpcore.AsyncNetworkBackend):
    """Note what would be dialled, and refuse the connection."""

    def __init__(self) -> None:
        self.dialled: list[tuple[str, int]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Note the address; raises ConnectError."""
        self.dialled.append((host, port))
        raise httpcore.ConnectError("this network ends here")


class Names:
    """Resolve as a hostile name server would: what stands in ``known``, then loosely as the C library, else inside."""

    def __init__(self, known: dict[str, list[str]]) -> None:
        self.known = known
        self.answers: list[list[str]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        """Return addresses."""
        answer = self.known.get(host) or self._loosely(host)
        self.answers.append(answer)
        return answer

    def _loosely(self, host: str) -> list[str]:
        try:
            return [socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))]
        except (OSError, UnicodeError):
            return ["127.0.0.1"]


Dial = Callable[..., Awaitable[list[tuple[str, int]]]]
"""Send to a URL for an origin, and return what would be dialled for it; ``answer`` is what its name resolves to."""


@asynccontextmanager
async def dialling(egress: Egress | None = None) -> AsyncIterator[Dial]:
    """Give a function that sends through one dialer."""
    network, names = Recorder(), Names({})
    async with HttpDialer(egress, resolve=names, network=network) as dialer:

        async def dial(url: str, origin: str, *, answer: list[str] | None = None, **more: Any) -> list[tuple[str, int]]:
            names.known["api.good.example"] = answer or [PUBLIC]
            before = len(network.dialled)
            with pytest.raises(DialFault):
                await dialer.send(HttpRequest(method="GET", url=url, origin=origin, **more))
            return network.dialled[before:]

        yield dial


# How an address inside can be written


def dotted(parts: list[int], write: Callable[[int], str]) -> str:
    return ".".join(map(write, parts))


def number_forms(address: str, chance: random.Random) -> str:
    """Write an IPv4 address in one of the ways that the C library reads."""
    parts = list(IPv4Address(address).packed)
    whole = int(IPv4Address(address))
    ways: list[Callable[[int], str]] = [str, lambda part: f"00{part:o}", lambda part: f"0x{part:x}", "0X{:02X}".format]
    kept = chance.randint(0, 3)
    rest = int.from_bytes(bytes(parts[kept:]), "big")
    written = [chance.choice(ways)(part) for part in parts[:kept]] + [chance.choice(ways)(rest)]
    return chance.choice([str(whole), hex(whole), f"0{whole:o}", ".".join(written), dotted(parts, chance.choice(ways))])


def six_forms(address: str, chance: random.Random) -> str:
    """Wrap an IPv4 address into IPv6 in one of the ways that lead back to it."""
    low = int(IPv4Address(address))
    flipped = low ^ 0xFFFFFFFF
    ways = [
        low,
        (0xFFFF << 32) | low,
        (0xFFFF << 48) | low,
        (0x64FF9B << 96) | low,
        (0x64FF9B0001 << 80) | low,
        (0x2002 << 112) | (low << 80) | chance.randint(0, 99),
        (0x20010000 << 96) | (chance.getrandbits(32) << 64) | flipped,
        (0x2A001450 << 96) | (0x5EFE << 32) | low,
        (0xFE80 << 112) | 1,
        (0xFD << 120) | chance.getrandbits(16),
        1,
        0,
    ]
    found = IPv6Address(chance.choice(ways))
    shown = chance.choice([str(found), found.exploded, str(found).upper()])
    return f"[{shown}{chance.choice(['', '', '', '%25eth0', '%lo'])}]"


WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")
CIRCLED = str.maketrans("123456789", "①②③④⑤⑥⑦⑧⑨")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def disguised(host: str, chance: random.Random) -> str:
    """Write a host in characters that some program takes for its own."""
    ways: list[Callable[[], str]] = [
        lambda: host.translate(WIDE),
        lambda: host.translate(CIRCLED),
        lambda: host.translate(ARABIC),
        lambda: host.replace(".", chance.choice("。．｡")),
        lambda: "".join(f"%{ord(each):02x}" if chance.random() < 0.5 else each for each in host),
        lambda: host + ".",
        lambda: host.replace(".", ".\u200b", 1),
        lambda: host[:1] + "\t" + host[1:],
        lambda: host + "\u00ad",
    ]
    return chance.choice(ways)()


def hostile_host(chance: random.Random) -> tuple[str, str]:
    """Return a host that means somewhere inside, and the family of its form."""
    address = chance.choice(INSIDE)
    return chance.choice(
        [
            ("number", number_forms(address, chance)),
            ("wrapped", six_forms(address, chance)),
            ("disguised", disguised(chance.choice([address, "localhost", "inside.evil.example"]), chance)),
            ("plain", address),
            ("name", chance.choice(["localhost", "inside.evil.example", "metadata", "LOCALHOST", "a.localhost"])),
        ]
    )[::-1]


def hostile_url(chance: random.Random) -> tuple[str, str, str]:
    """Return a URL that leads inside or elsewhere, the origin it is sent for, and its family."""
    host, family = hostile_host(chance)
    port = chance.choice(["", "", ":443", ":80", ":22", ":6379"])
    scheme = chance.choice(["https", "http"])
    path = chance.choice(["/", "/a?b=c", "//evil.example/", "/http://127.0.0.1/", "/\\evil.example", "/%2e%2e/", ""])
    tricks = {
        "userinfo": f"https://api.good.example@{host}{port}{path}",
        "userinfo-port": f"https://api.good.example:443@{host}{port}{path}",
        "backslash": f"https://api.good.example\\@{host}{port}{path}",
        "backslashes": f"https:\\\\{host}{port}{path}",
        "fragment": f"https://{host}{port}#@api.good.example/",
        "query": f"https://{host}{port}?@api.good.example/",
        "suffix": f"https://api.good.example.{host.strip('[]')}{port}{path}",
        "tab": f"ht\ttps://{host}{port}{path}",
        "newline": f"https://{host}\r\nhost: api.good.example{port}{path}",
        "slashless": f"https:{host}{port}{path}",
        "relative": f"//{host}{port}{path}",
    }
    plain = f"{scheme}://{host}{port}{path}"
    if chance.random() < 0.5:
        return plain, plain_origin(plain), family
    trick = chance.choice([*tricks, "elsewhere"])
    return tricks.get(trick, plain), GOOD, trick


def plain_origin(url: str) -> str:
    """Return scheme and authority of a URL, as a careless registration would."""
    scheme, _, rest = url.partition("://")
    for mark in "/?#":
        rest = rest.partition(mark)[0]
    return f"{scheme}://{rest}"


# What is truly outside, by a list of its own

RESERVED = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
    192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    ::/3 2001::/23 2001:db8::/32 2002::/16 3fff::/20 4000::/2 8000::/1
"""
NOT_OUTSIDE = [ip_network(each) for each in RESERVED.split()]


def is_outside(address: str) -> bool:
    found = ip_address(address)
    isatap = found.version == 6 and (int(found) >> 32) & 0xFDFFFFFF == 0x5EFE
    return not isatap and not any(found.version == each.version and found in each for each in NOT_OUTSIDE)


async def test_over_thousands_of_hostile_urls_nothing_is_dialled_that_may_not_be() -> None:
    chance = random.Random(20_261_128)
    counts: Counter[str] = Counter()
    network, names = Recorder(), Names({"api.good.example": [PUBLIC]})
    outcomes: Counter[bool] = Counter()
    async with HttpDialer(resolve=names, network=network) as dialer:
        for _ in range(FORMS):
            url, origin, family = hostile_url(chance)
            counts[family] += 1
            with pytest.raises(DialFault) as fault:
                await dialer.send(HttpRequest(method="GET", url=url, origin=origin))
            outcomes[fault.value.refused] += 1
            assert not fault.value.sent, url
            assert not network.dialled, (url, network.dialled)
    assert sum(counts.values()) == FORMS and min(counts.values()) > 300, counts
    assert outcomes[True] == FORMS, "each was refused, none merely failed"
    assert len(names.answers) > 500, "many got as far as the addresses of a name"


async def test_the_same_network_dials_what_may_be_dialled() -> None:
    async with dialling() as dial:
        assert await dial(f"{GOOD}/a", GOOD) == [(PUBLIC, 443)]
        assert await dial(f"{GOOD}:443//evil.example/", GOOD) == [(PUBLIC, 443)]
        assert await dial(f"{GOOD}/http://127.0.0.1/", GOOD) == [(PUBLIC, 443)]
        assert await dial("https://[2606:4700::1111]/", "https://[2606:4700::1111]") == [("2606:4700::1111", 443)]


async def test_a_name_with_one_bad_address_among_good_ones_is_not_dialled_at_all() -> None:
    chance = random.Random(7)
    async with dialling() as dial:
        for inside in INSIDE * 100:
            bad = chance.choice([inside, six_forms(inside, chance).strip("[]").partition("%")[0]])
            answer = [PUBLIC, "1.1.1.1", bad]
            chance.shuffle(answer)
            assert await dial(f"{GOOD}/a", GOOD, answer=answer) == []


async def test_a_name_that_changes_between_two_looks_is_dialled_only_where_it_was_judged() -> None:
    chance = random.Random(11)
    network = Recorder()

    class Rebinding(Names):
        async def __call__(self, host: str, port: int) -> list[str]:
            answer = [chance.choice([PUBLIC, "1.1.1.1", *INSIDE, "::1", "64:ff9b::7f00:1"])]
            self.answers.append(answer)
            return answer

    names = Rebinding({})
    async with HttpDialer(resolve=names, network=network) as dialer:
        for _ in range(2000):
            with pytest.raises(DialFault):
                await dialer.send(HttpRequest(method="GET", url=f"{GOOD}/a", origin=GOOD))
    assert len(names.answers) == 2000, "each request looks once"
    assert network.dialled == [(answer[0], 443) for answer in names.answers if is_outside(answer[0])]


async def test_whatever_a_name_server_answers_only_addresses_outside_are_dialled() -> None:
    chance = random.Random(13)
    network = Recorder()

    class Anything(Names):
        async def __call__(self, host: str, port: int) -> list[str]:
            bits = chance.choice([32, 128])
            number = chance.getrandbits(bits) >> chance.choice([0, 0, bits - 33 if bits > 33 else 0])
            shown = IPv4Address(number) if bits == 32 else IPv6Address((0x2000 << 112) | (number >> 3))
            return [str(shown if chance.random() < 0.8 else IPv6Address(number))]

    async with HttpDialer(resolve=Anything({}), network=network) as dialer:
        for _ in range(3000):
            with pytest.raises(DialFault):
                await dialer.send(HttpRequest(method="GET", url=f"{GOOD}/a", origin=GOOD))
    assert len(network.dialled) > 300 and all(is_outside(address) for address, _ in network.dialled)


@pytest.mark.parametrize("answer", [["x"], ["nonsense"], ["1.1.1.1", "localhost"], ["http://1.1.1.1"], ["0x7f000001"]])
async def test_an_answer_that_is_no_address_is_not_dialled(answer: list[str]) -> None:
    async with dialling() as dial:
        assert await dial(f"{GOOD}/a", GOOD, answer=answer) == []


# What the operator says


async def test_a_port_nobody_registered_must_be_on_the_list() -> None:
    odd = "https://api.good.example:8443"
    async with dialling() as dial:
        assert await dial(f"{odd}/a", odd) == [(PUBLIC, 8443)], "the port of a registered origin"
        assert await dial(f"{odd}/a", odd, listed_port=True) == []
        assert await dial(f"{odd}/a", GOOD) == [] and await dial(f"{GOOD}/a", odd) == []
    async with dialling(Egress(ports=(8443,))) as dial:
        assert await dial(f"{odd}/a", odd, listed_port=True) == [(PUBLIC, 8443)]


@pytest.mark.parametrize(
    ("egress", "dialled"),
    [
        (Egress(deny_hosts=("api.good.example",)), False),
        (Egress(deny_hosts=("*.good.example",)), False),
        (Egress(deny_hosts=("*.example",), allow_hosts=("api.good.example",)), False),
        (Egress(deny_hosts=("good.example", "*.api.good.example")), True),
        (Egress(allow_hosts=("other.example", "good.example")), False),
        (Egress(allow_hosts=("*.good.example",)), True),
    ],
)
async def test_denied_hosts_stay_denied_and_where_some_are_allowed_no_others_are(egress: Egress, dialled: bool) -> None:
    async with dialling(egress) as dial:
        assert bool(await dial(f"{GOOD}/a", GOOD)) == dialled


async def test_denied_networks_stay_denied_for_private_apis_however_they_are_wrapped() -> None:
    chance = random.Random(17)
    async with dialling(Egress(deny_networks=(ip_network("169.254.0.0/16"),))) as dial:
        for _ in range(500):
            wrapped = six_forms("169.254.169.254", chance).strip("[]").partition("%")[0]
            means_it = not wrapped.lower().startswith(("fe80", "fd")) and int(IPv6Address(wrapped)) > 1
            dialled = await dial(f"{GOOD}/a", GOOD, allow_private=True, answer=[wrapped])
            assert bool(dialled) != means_it, wrapped
        assert await dial("http://169.254.169.254/a", "http://169.254.169.254", allow_private=True) == []
        assert await dial("http://10.0.0.1/a", "http://10.0.0.1", allow_private=True) == [("10.0.0.1", 80)]


async def test_where_networks_are_listed_nothing_else_is_dialled() -> None:
    listed = (ip_network("10.0.0.0/8"), ip_network(f"{PUBLIC}/32"))
    async with dialling(Egress(allow_networks=listed)) as dial:
        assert await dial(f"{GOOD}/a", GOOD) == [(PUBLIC, 443)]
        assert await dial("http://10.0.0.1/a", "http://10.0.0.1") == [], "it is private all the same"
        assert await dial("http://10.0.0.1/a", "http://10.0.0.1", allow_private=True) == [("10.0.0.1", 80)]
        assert await dial("http://192.168.0.1/a", "http://192.168.0.1", allow_private=True) == []
        assert await dial("http://1.1.1.1/a", "http://1.1.1.1") == []


# Models go the same way


async def test_a_model_is_dialled_where_its_name_says_and_never_where_the_operator_denies() -> None:
    chance = random.Random(19)
    network, names = Recorder(), Names({"api.good.example": [PUBLIC]})
    denied = Egress(deny_networks=(ip_network("169.254.0.0/16"), ip_network("fe80::/10")))
    prompt = Prompt(messages=(Message(role="user", text="hello"),))
    async with HttpDialer(denied, resolve=names, network=network) as dialer:
        router = ModelRouter(dialer, api_key="secret")
        for host in ["169.254.169.254", *(number_forms("169.254.169.254", chance) for _ in range(300))]:
            model = chance.choice([f"openai:m@http://{host}/v1", f"openai:m@https://{host}:8443/v1"])
            with pytest.raises(ModelFault) as fault:
                await router.ask(Question(model=model, prompt=prompt, timeout_ms=60_000))
            assert not fault.value.retryable and not network.dialled, model
        with pytest.raises(ModelFault):
            await router.ask(Question(model=f"openai:m@{GOOD}:8443/v1", prompt=prompt, timeout_ms=60_000))
    assert network.dialled == [(PUBLIC, 8443)]
