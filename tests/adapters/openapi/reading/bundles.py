"""Pack files as a person would."""

import io
import zipfile


def packed(
    files: dict[str, str | bytes], *, method: int = zipfile.ZIP_DEFLATED, names: list[str] | None = None
) -> bytes:
    """Return a zip of files, in this order of names."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name in names or files:
            archive.writestr(name, files[name])
    return held.getvalue()
