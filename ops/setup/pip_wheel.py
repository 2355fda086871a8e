"""Fetch the locked pip wheel from the package index, for machines whose Python came without ensurepip."""

from __future__ import annotations

import configparser
import hashlib
import os
import re
import ssl
import urllib.request
from pathlib import Path
from urllib.parse import urldefrag, urljoin

# Where pip itself looks when nothing is configured (pip._internal.models.index).
DEFAULT_INDEX = "https://pypi.org/simple"
CONFIGURATIONS = ("/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")


def fetch_pip(lock: Path, folder: Path) -> Path:
    """Download the pip wheel that `lock` pins into `folder` and return its path.

    Raises ValueError when the index has no wheel with a locked SHA-256, OSError when it cannot be reached.
    """
    version, hashes = locked_pip(lock.read_text())
    name = f"pip-{version}-py3-none-any.whl"
    page = setting("index-url", DEFAULT_INDEX).rstrip("/") + "/pip/"
    links = re.findall(r'href="([^"]+)"', download(page).decode())
    link = next((link for link in links if urldefrag(link).url.endswith(name)), None)
    if link is None:
        raise ValueError(f"the package index lists no {name}")
    wheel = download(urldefrag(urljoin(page, link)).url)
    if hashlib.sha256(wheel).hexdigest() not in hashes:
        raise ValueError(f"the SHA-256 of {name} is not the locked one")
    path = folder / name
    path.write_bytes(wheel)
    return path


def locked_pip(lock: str) -> tuple[str, set[str]]:
    """Return the version and the SHA-256 digests (hex) that the lock's text holds for pip."""
    entry = re.search(r"^pip==(\S+) \\\n((?:\s+--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", lock, re.MULTILINE)
    if entry is None:
        raise ValueError("requirements.lock pins no pip")
    return entry[1], set(re.findall(r"[0-9a-f]{64}", entry[2]))


def setting(name: str, default: str) -> str:
    """Return pip's own setting `name`: environment first, then its configuration files."""
    parser = configparser.RawConfigParser()
    named = os.environ.get("PIP_CONFIG_FILE", "")
    parser.read([*(Path(path).expanduser() for path in CONFIGURATIONS), *([named] if named else [])])
    configured = parser.get("global", name, fallback=default)
    return os.environ.get("PIP_" + name.upper().replace("-", "_"), configured)


def download(url: str) -> bytes:
    """Return the body behind `url`; the certificate authority is pip's when one is configured."""
    context = ssl.create_default_context(cafile=setting("cert", "") or None)
    with urllib.request.urlopen(url, timeout=30, context=context) as answer:
        body: bytes = answer.read()
    return body
