"""Find a Chromium for the tests of the page and its pictures, or fetch Debian's into `.venv`; no root is needed.

Looked for in this order: the program that REPRISE_CHROMIUM names, one on the PATH, the one fetched before, and
Playwright's own. Fetched are Debian's packages, by apt with folders of its own: it checks their signatures, asks for
no more than this system lacks, and changes nothing outside `.venv`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ops.setup.install import VENV

NAMES = ("chromium", "google-chrome-stable", "google-chrome", "chrome")
FETCHED = VENV / "chromium"
PACKAGES = ("chromium", "fonts-inter", "fonts-jetbrains-mono")
"""With faces of their own, so that a picture is the same on every machine that fetched them."""
FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{root}/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{cache}</cachedir>
  <alias><family>system-ui</family><prefer><family>Inter</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Inter</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>JetBrains Mono</family></prefer></alias>
</fontconfig>
"""
PATIENCE_SECONDS = 600
ADVICE = (
    "install a Chromium, or name one with REPRISE_CHROMIUM=/path/to/it, or run `.venv/bin/playwright install chromium`"
)


@dataclass(frozen=True)
class Chromium:
    """Be a program and what has to be added to its environment."""

    program: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def version(self) -> str:
        """Return what it calls itself, "" where it cannot be started."""
        environment = {**os.environ, **self.environment}
        try:
            said = subprocess.run(
                [self.program, "--version"], env=environment, capture_output=True, text=True, timeout=120, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return said.stdout.strip() if said.returncode == 0 else ""


def main() -> None:
    """See that there is a Chromium; exit with one line that says what to do where there is none."""
    try:
        found = chromium()
    except OSError as fault:
        sys.exit(f"Expected a Chromium, but there is none and none could be fetched ({fault}): {ADVICE}.")
    print(f"the page is tested in {found.version()}", flush=True)


def chromium() -> Chromium:
    """Return a Chromium that starts, fetched where this machine has none; raise OSError where that fails."""
    return find() or fetch()


def find() -> Chromium | None:
    """Return the first Chromium that starts; raise OSError where the one that was named does not."""
    if named := os.environ.get("REPRISE_CHROMIUM", ""):
        program = Chromium(Path(named))
        if not program.version():
            raise OSError(f"REPRISE_CHROMIUM names {named}, which does not start")
        return program
    on_path = [Chromium(Path(path)) for name in NAMES if (path := shutil.which(name))]
    return next((each for each in (*on_path, _fetched(), *_playwrights()) if each.version()), None)


def _playwrights() -> list[Chromium]:
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return [Chromium(path) for path in sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True)]


def _fetched() -> Chromium:
    """Return the one below `.venv`, told where its libraries and fonts are."""
    root = FETCHED / "root"
    libraries = sorted({library.parent for top in ("lib", "usr/lib") for library in (root / top).glob("**/lib*.so*")})
    environment = {
        "LD_LIBRARY_PATH": os.pathsep.join(str(folder) for folder in libraries),
        "FONTCONFIG_FILE": str(FETCHED / "fonts.conf"),
    }
    return Chromium(root / "usr/lib/chromium/chromium", environment)


def fetch() -> Chromium:
    """Download and unpack Debian's packages; raise OSError with the reason where that fails."""
    print("fetching Debian's chromium into .venv, about 120 MB ...", flush=True)
    shutil.rmtree(FETCHED, ignore_errors=True)
    archives = FETCHED / "cache" / "archives"
    for folder in (archives / "partial", FETCHED / "state" / "lists" / "partial", FETCHED / "root"):
        folder.mkdir(parents=True)
    _apt("update")
    _apt("install", "--download-only", "--yes", "--no-install-recommends", *PACKAGES)
    for package in archives.glob("*.deb"):
        _run(["dpkg-deb", "--extract", str(package), str(FETCHED / "root")])
    shutil.rmtree(FETCHED / "cache")
    shutil.rmtree(FETCHED / "state")
    (FETCHED / "fonts.conf").write_text(FONTS.format(root=FETCHED / "root", cache=FETCHED / "fonts"))
    found = _fetched()
    if not found.version():
        raise OSError("Debian's chromium was unpacked, but does not start")
    return found


def _apt(*words: str) -> None:
    """Run apt with state, cache and locks of our own, and the system's sources, keys and list of packages."""
    options = (
        f"Dir::State={FETCHED / 'state'}",
        "Dir::State::status=/var/lib/dpkg/status",
        f"Dir::Cache={FETCHED / 'cache'}",
        "Debug::NoLocking=true",
        "APT::Sandbox::User=",
        "Acquire::Retries=5",
    )
    _run(["apt-get", "--quiet=2", *(word for option in options for word in ("--option", option)), *words])


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as fault:
        raise OSError(f"{command[0]} took longer than {PATIENCE_SECONDS} s") from fault
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise OSError(f"{command[0]} failed: {said[-1]}")


if __name__ == "__main__":
    main()
