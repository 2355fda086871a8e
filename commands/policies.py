"""Keep policy sets: check and register revisions, bring one into force, and tell which one is."""

import msgspec

from commands.catalogue import Catalogue, Registered
from commands.catalogue.documents import check_name
from commands.named_revisions import check_reason, record_revision, whole_digest
from commands.ports import Judge
from commands.shell import Shell
from domain.catalog.events import PolicySetActivated, PolicySetRegistered
from domain.catalog.policies import PolicySet
from domain.catalog.state import Policies
from domain.encoding import canonical
from domain.envelope import Context
from domain.errors import Invalid, NotFound

AGGREGATE = "policy-set"


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """Show a policy set: its revisions, the newest last, and the one in force, "" where it is another set's."""

    name: str
    revisions: tuple[str, ...]
    active: str
    shipped: bool


async def register_policy_set(
    catalogue: Catalogue, shell: Shell, policy_set: PolicySet, context: Context
) -> Registered:
    """Check a set and keep it as its name's newest revision; nothing uses it before it is activated."""
    check_name("policy set", policy_set.name)
    if policy_set.name in _shipped(shell.judge):
        raise Invalid(f"Expected a name of your own, but {policy_set.name} comes with the product: choose another.")
    rules = tuple(shell.judge.check(policy_set))
    await shell.store.put_blobs(context.tenant, [canonical(policy_set)])
    registered = PolicySetRegistered(name=policy_set.name, digest=policy_set.digest, rules=rules)
    return await record_revision(catalogue, AGGREGATE, registered, context)


async def activate_policy_set(
    catalogue: Catalogue, shell: Shell, name: str, digest: str, reason: str, context: Context
) -> Registered:
    """Bring a revision into force for every session that starts from now on; an earlier one is how to go back.

    ``digest`` may be cut to eight characters or more; left empty, it is the newest revision.
    """
    check_reason(reason, "rules")
    policy_set = await find_policy_set(catalogue, shell, context.tenant, name, digest)
    shell.judge.check(policy_set)  # what this version of the product cannot read must not come into force
    await shell.store.put_blobs(context.tenant, [canonical(policy_set)])
    activated = PolicySetActivated(name=name, digest=policy_set.digest, reason=reason)
    return await record_revision(catalogue, AGGREGATE, activated, context)


async def find_policy_set(catalogue: Catalogue, shell: Shell, tenant: str, name: str, digest: str = "") -> PolicySet:
    """Return a revision of a set by its digest, or the newest; raise NotFound."""
    shipped = _shipped(shell.judge)
    if name in shipped:
        return shipped[name]
    revisions = (await catalogue.current(tenant)).policies.revisions.get(name, ())
    if not revisions:
        known = ", ".join([*shipped, *(await catalogue.current(tenant)).policies.revisions])
        raise NotFound(f"Expected a policy set that exists, out of {known}, but got {name[:100]!r}.")
    return await shell.policy_set(tenant, whole_digest(name, revisions, digest))


async def list_policy_sets(catalogue: Catalogue, shell: Shell, tenant: str) -> list[Listed]:
    """Return every set by name, those that come with the product too."""
    policies = (await catalogue.current(tenant)).policies
    shipped = _shipped(shell.judge)
    revisions = {**{name: (each.digest,) for name, each in shipped.items()}, **policies.revisions}
    active = policies if policies.digest else Policies(name=shell.judge.default.name, digest=shell.judge.default.digest)
    return [
        Listed(
            name=name,
            revisions=revisions[name],
            active=active.digest if name == active.name else "",
            shipped=name in shipped,
        )
        for name in sorted(revisions)
    ]


def _shipped(judge: Judge) -> dict[str, PolicySet]:
    return {each.name: each for each in judge.shipped}
