"""Make `.venv` from requirements.lock, then install the project into it, editable.

Runs before anything is installed, on whatever `python3` is: standard library only, and nothing here may be
newer than Python 3.7 in its syntax, so that an old interpreter still reaches the sentence that refuses it.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import venv
from pathlib import Path

from ops.setup.pip_wheel import fetch_pip

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
OLDEST = (3, 11)
LOCKED = ["--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
PROJECT = ["--no-deps", "--no-build-isolation", "-e", str(ROOT)]


def main() -> None:
    """Make the environment and stamp it; exit with one line that says what to install when that fails."""
    if sys.version_info < OLDEST:
        have = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(
            f"Reprise needs Python 3.11 or newer, {sys.executable} is {have}: "
            "install a newer python3 or name one with `make PYTHON=/path/to/python3.11 ...`."
        )
    if not (VENV / "bin" / "python").exists():
        venv.create(VENV, symlinks=True, with_pip=importlib.util.find_spec("ensurepip") is not None)
    pip = pip_of_the_environment()
    print("installing the locked dependencies into .venv ...", flush=True)
    install(pip, LOCKED)
    install(pip, PROJECT)
    (VENV / ".installed").touch()


def pip_of_the_environment() -> list[str]:
    """Return the command that runs pip in `.venv`, from the pip wheel where Debian left ensurepip out."""
    pip = [str(VENV / "bin" / "python"), "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode == 0:
        return pip
    try:
        wheel = fetch_pip(LOCK, VENV)
    except (OSError, ValueError) as error:
        sys.exit(f"pip could not be fetched ({error}): connect to the package index or install python3-venv.")
    return [str(VENV / "bin" / "python"), str(wheel / "pip")]


def install(pip: list[str], arguments: list[str]) -> None:
    """Run one `pip install`; exit with one line, pip's own error and what to do about it."""
    command = [*pip, "install", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = (errors or done.stderr.splitlines() or ["pip said nothing"])[-1]
        sys.exit(f"Installing failed ({reason}): see that the package index is reachable and run make again.")


if __name__ == "__main__":
    main()
