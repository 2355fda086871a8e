"""Servers are verified by name and authority; an operator may trust further authorities, and never fewer checks."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.http.dialer import HttpDialer
from adapters.http.egress import Egress
from commands.ports import DialFault, HttpRequest
from domain.errors import Invalid

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


class Certificates:
    """Hold an authority and a server's certificate from it, as PEM files."""

    def __init__(self, folder: Path) -> None:
        authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        authority = _certificate("Test authority", authority_key.public_key(), "Test authority", authority_key, ca=True)
        server = _certificate("api.example", key.public_key(), "Test authority", authority_key, ca=False)
        self.authority, self.server, self.key = folder / "ca.pem", folder / "server.pem", folder / "key.pem"
        self.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        self.server.write_bytes(server.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        self.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))


def _certificate(
    name: str, key: ec.EllipticCurvePublicKey, issuer: str, signer: ec.EllipticCurvePrivateKey, *, ca: bool
) -> x509.Certificate:
    def named(common: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])

    now = datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        x509.CertificateBuilder(named(issuer), named(name), key, x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-").lower())]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(authority, critical=False)
        .sign(signer, hashes.SHA256())
    )


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certificates]:
    yield Certificates(tmp_path_factory.mktemp("certificates"))


@asynccontextmanager
async def secure(certificates: Certificates) -> AsyncIterator[int]:
    """Serve one answer a connection over TLS on loopback, and give the port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, certificates.key)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def to_loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


async def status(port: int, *, ca_file: str = "", host: str = "api.example") -> int:
    origin = f"https://{host}:{port}"
    async with HttpDialer(Egress(ca_file=ca_file), resolve=to_loopback) as dialer:
        request = HttpRequest(method="GET", url=f"{origin}/", origin=origin, allow_private=True, timeout_ms=60_000)
        return (await dialer.send(request)).status


async def test_an_unknown_authority_is_refused_before_anything_is_sent(certificates: Certificates) -> None:
    async with secure(certificates) as port:
        with pytest.raises(DialFault, match="certificate verify failed") as fault:
            await status(port)
    assert not fault.value.sent


async def test_an_authority_of_the_operators_file_is_trusted_for_its_names_only(certificates: Certificates) -> None:
    async with secure(certificates) as port:
        assert await status(port, ca_file=str(certificates.authority)) == 200
        with pytest.raises(DialFault, match="Hostname mismatch"):
            await status(port, ca_file=str(certificates.authority), host="other.example")
        with pytest.raises(DialFault, match="IP address mismatch"):
            await status(port, ca_file=str(certificates.authority), host="127.0.0.1")


async def test_the_environment_names_no_authority(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    async with secure(certificates) as port:
        with pytest.raises(DialFault, match="certificate verify failed"):
            await status(port)


@pytest.mark.parametrize("text", [None, "", "no certificate"])
def test_a_file_without_certificates_is_refused_at_the_start(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    with pytest.raises(Invalid, match="REPRISE_EGRESS__CA_FILE"):
        HttpDialer(Egress(ca_file=str(file)))
