"""Keep vectors by their texts, in a file: to learn the meaning of thousands of texts takes a minute."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path

_TABLE = "CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
_FIND = "SELECT vector FROM vectors WHERE text = ?"
_KEEP = "INSERT OR IGNORE INTO vectors (text, vector) VALUES (?, ?)"
PATIENCE_SECONDS = 30


class Vectors:
    """Keep vectors in ``file``; several processes may share it. What is lost is learned again."""

    def __init__(self, file: Path, model: str):
        self._file, self._model = file, model

    def find(self, texts: Iterable[str]) -> dict[str, bytes]:
        """Return the vectors that are kept of some texts."""
        if not self._file.exists():
            return {}
        with closing(self._open()) as database:
            rows = ((text, database.execute(_FIND, (self._key(text),)).fetchone()) for text in texts)
            return {text: row[0] for text, row in rows if row}

    def keep(self, vectors: Mapping[str, bytes]) -> None:
        """Keep vectors by their texts."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._open()) as database, database:
            database.executemany(_KEEP, [(self._key(text), vector) for text, vector in vectors.items()])

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._file, timeout=PATIENCE_SECONDS)
        database.execute(_TABLE)
        return database

    def _key(self, text: str) -> bytes:
        return sha256(f"{self._model}\n{text}".encode()).digest()
