"""Keep policy sets, bring one into force, and judge what was decided again by another."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.positions import outside
from api.reads import Reading
from api.services import Given, Services
from api.writes import Writing
from commands.authorize import require
from commands.backtest import backtest as judge_again
from commands.catalogue import Registered
from commands.cautions import cautions
from commands.policies import (
    activate_policy_set,
    find_policy_set,
    list_policy_sets,
    register_policy_set,
)
from domain.catalog.policies import PolicySet
from domain.errors import Invalid

EXAMPLE = {
    "name": "reads-only",
    "text": '@id("reads") permit (principal, action, resource) when { resource.effect == "read" && context.listed };',
}


class PolicySetInput(Input, frozen=True, kw_only=True):
    """Keep rules in the Cedar language under a name."""

    name: str
    text: str


class ActivationInput(Input, frozen=True, kw_only=True):
    """Say why a set is to be in force; ``digest`` names an earlier revision, the newest if left out."""

    reason: str
    digest: str = ""


class BacktestInput(Input, frozen=True, kw_only=True):
    """Name the candidate: a set that is kept, by name and perhaps digest, or rules of its own as ``text``."""

    name: str = ""
    digest: str = ""
    text: str = ""


class PolicySetWritten(Output, frozen=True, kw_only=True):
    """Say which revision was kept or brought into force; ``cautions`` say what it lets through without asking."""

    name: str
    digest: str
    cautions: tuple[str, ...]
    version: int
    position: str


class PolicySetShown(Output, frozen=True, kw_only=True):
    """Show a set: its revisions, the newest last, and the one in force, "" where that is another set's."""

    name: str
    revisions: tuple[str, ...]
    active: str
    shipped: bool


class PolicySetList(Output, frozen=True, kw_only=True):
    """List all sets by name."""

    policies: tuple[PolicySetShown, ...]


class PolicySetText(Output, frozen=True, kw_only=True):
    """Show the rules of a set's newest revision."""

    name: str
    digest: str
    text: str


class FlipShown(Output, frozen=True, kw_only=True):
    """Show one decision that would have come out otherwise."""

    session_id: UUID
    version: int
    position: str
    step: int
    call: str
    tool: str
    recorded: str
    candidate: str
    recorded_rules: tuple[str, ...]
    candidate_rules: tuple[str, ...]
    reason: str


class BacktestShown(Output, frozen=True, kw_only=True):
    """Sum a backtest up; ``changes`` counts all flips, of which the first are shown."""

    policy_set: str
    decisions: int
    unjudged: int
    flipped: int
    changes: dict[str, int]
    flips: tuple[FlipShown, ...]
    until: str


@post("/policies", opt={"body": PolicySetInput, "example": EXAMPLE}, tags=["policies"])
async def add_policy_set(
    request: Request[Any, Any, Any], services: Given, write: Writing
) -> Response[PolicySetWritten]:
    """Check a set of rules and keep it as a new revision; nothing uses it before it is activated."""
    body = await body_of(request, PolicySetInput)
    context = await write.context("administer")
    policy_set = PolicySet(name=body.name, text=body.text)
    done = await register_policy_set(services.catalogue, services.shell, policy_set, context)
    return await _written(services, done, policy_set, status=201)


@post("/policies/{name:str}/activate", opt={"body": ActivationInput}, tags=["policies"], status_code=200)
async def activate(
    request: Request[Any, Any, Any], services: Given, write: Writing, name: FromPath[str]
) -> Response[PolicySetWritten]:
    """Bring a revision into force for every session that starts from now on."""
    body = await body_of(request, ActivationInput)
    context = await write.context("administer")
    done = await activate_policy_set(services.catalogue, services.shell, name, body.digest, body.reason, context)
    policy_set = await services.shell.policy_set(context.tenant, done.digest)
    return await _written(services, done, policy_set, status=200)


async def _written(
    services: Services, done: Registered, policy_set: PolicySet, *, status: int
) -> Response[PolicySetWritten]:
    position = outside(await services.shell.store.log_id(), done.position)
    written = PolicySetWritten(
        name=done.name,
        digest=done.digest,
        cautions=cautions(services.shell.judge, policy_set),
        version=done.version,
        position=position,
    )
    return answer(written, status=status, etag=done.version)


@get("/policies", tags=["policies"])
async def list_policies(services: Given, read: Reading) -> Response[PolicySetList]:
    """List all policy sets, those that come with the product too."""
    found = await list_policy_sets(services.catalogue, services.shell, read.tenant)
    shown = tuple(view(PolicySetShown, each) for each in found)
    return answer(PolicySetList(policies=shown))


@get("/policies/{name:str}", tags=["policies"])
async def show_policy_set(services: Given, read: Reading, name: FromPath[str]) -> Response[PolicySetText]:
    """Show the rules of a set's newest revision."""
    found = await find_policy_set(services.catalogue, services.shell, read.tenant, name)
    return answer(PolicySetText(name=found.name, digest=found.digest, text=found.text))


@post("/policies/backtest", opt={"body": BacktestInput}, tags=["policies"], status_code=200)
async def backtest(request: Request[Any, Any, Any], services: Given, write: Writing) -> Response[BacktestShown]:
    """Judge every recorded decision again by other rules, and list what would have come out otherwise."""
    body = await body_of(request, BacktestInput)
    require(write.principal, "operate")
    report = await judge_again(
        services.shell, write.principal.tenant, await _candidate(services, write.principal.tenant, body)
    )
    log_id = await services.shell.store.log_id()
    flips = tuple(view(FlipShown, each, position=outside(log_id, each.position)) for each in report.flips)
    return answer(view(BacktestShown, report, flips=flips, until=outside(log_id, report.until)))


async def _candidate(services: Services, tenant: str, body: BacktestInput) -> PolicySet:
    if bool(body.name) == bool(body.text):
        raise Invalid("Expected either the `name` of a policy set or a `text` of rules, but got both or neither.")
    if body.text:
        return PolicySet(name="candidate", text=body.text)
    return await find_policy_set(services.catalogue, services.shell, tenant, body.name, body.digest)
