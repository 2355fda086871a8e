"""What an API answered to a call that failed is told in part, and of a value either all or nothing."""

from adapters.openapi.answers import failed
from commands.ports import HttpResponse


def test_an_excerpt_ends_in_front_of_what_was_not_looked_at() -> None:
    lines = "\n".join(f"{' ' * 80}line {number}" for number in range(13))
    for padding in range(0, 80, 3):
        body = f"{lines}{' ' * padding} to ada.lovelace@example.org and more {'y' * 400}".encode()
        said = str(failed(HttpResponse(status=400, headers=(), body=body, latency_ms=1), reads=True))
        assert "ada.lovelace" not in said or "ada.lovelace@example.org" in said
