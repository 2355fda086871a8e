"""Schemes are bound, listed and unbound from a shell."""

from tests.ops.cli.conftest import Say


def test_a_scheme_is_bound_listed_and_unbound(up: Say) -> None:
    words = ("tools", "bind", "shop", "mine", "env:REPRISE_SECRET_MINE", "--kind", "api-key", "--header", "X-Mine")
    told = up(*words)
    assert (
        told.code == 0
        and "mine is bound to env:REPRISE_SECRET_MINE, a key in the header X-Mine, for http" in told.output
    )
    (bound,) = up("tools", "bindings", "shop", "--json").json
    assert (bound["scheme"], bound["reference"], bound["unasked"]) == ("mine", "env:REPRISE_SECRET_MINE", True)
    assert "X-Mine" in up("tools", "bindings", "shop").output
    assert up("tools", "unbind", "shop", "mine").output == "shop: mine is bound to nothing\n"
    assert "Nothing is bound" in up("tools", "bindings", "shop").output


def test_a_reference_that_is_not_open_or_no_reference_is_refused(up: Say) -> None:
    for reference, words in {"env:HOME": "REPRISE_SECRETS", "hunter2": "not the secret itself"}.items():
        told = up("tools", "bind", "shop", "mine", reference, "--kind", "bearer")
        assert told.code == 1 and words in told.errors and "hunter2" not in told.errors
    twice = up("tools", "bind", "shop", "mine", "env:REPRISE_SECRET_A", "--header", "a", "--query", "b")
    assert twice.code == 1 and "one of --header, --query and --cookie" in twice.errors
