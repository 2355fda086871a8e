"""Admit a human's consent: to what was seen, by whom the rules let consent, with a reason where they want one."""

from domain.errors import Forbidden, Invalid, NotPossible, Stale
from domain.session.commands import GrantApproval
from domain.session.events import ApprovalGranted, Sourced
from domain.session.proof import Terms, unmet
from domain.session.state import Approval, Session


def admit_grant(state: Session, approval: Approval, command: GrantApproval) -> ApprovalGranted:
    """Return the fact that a consent to an open question becomes; raise Stale, Forbidden, Invalid, NotPossible."""
    _same_as_seen("the request", command.request_digest, approval.request_digest)
    proof = approval.terms.proof if approval.terms else ""
    _same_as_seen("the proof", command.proof, proof)
    if approval.terms:
        _meets(approval.terms, command)
    if command.arguments is not None and approval.terms is None:
        raise NotPossible("Expected approve or deny: this session began before arguments could be changed.")
    edited = None if command.arguments is None else Sourced(value=command.arguments, source=f"human:{command.by}")
    return ApprovalGranted(
        approval=approval.id,
        request_digest=approval.request_digest,
        by=command.by,
        reason=command.reason,
        proof=proof,
        edited=edited,
        standing=command.standing,
    )


def _same_as_seen(what: str, seen: str, recorded: str) -> None:
    if seen not in ("", recorded):
        raise Stale(
            f"Expected approval of {what} {recorded}, but {seen[:100]} was named: "
            "read the approval again and decide on what it says now."
        )


def _meets(terms: Terms, command: GrantApproval) -> None:
    failed = unmet(terms.demands, by=command.by, requester=terms.requester, reason=command.reason)
    if "four-eyes" in failed:
        raise Forbidden(
            f"Expected somebody else than {terms.requester}, whose session asks: a rule demands four eyes. "
            "Let another person decide."
        )
    if "reason" in failed:
        raise Invalid("Expected a reason, but it is blank: a rule demands that whoever allows this says why.")
