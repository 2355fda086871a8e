"""Check versions and builds of read models, and see what waits for people."""

from datetime import timedelta

from ops.doctor.outcome import Finding, Note, Outcome
from ops.doctor.patient import Patient
from projections.registry import READ_MODELS
from queries.measures import measures
from queries.projections import ProjectionShown, list_projections

ORPHANED_AFTER = timedelta(seconds=10)


async def versions(patient: Patient) -> Outcome:
    """Find read models that newer code keeps here."""
    shown = await list_projections(patient.log, every=True)
    newer = [each for each in shown if each.name in READ_MODELS and each.version > READ_MODELS[each.name].version]
    if newer:
        return Finding(
            code="code-older",
            found=f"Read model {newer[0].name} is here in version {newer[0].version}, which this code does not know.",
            why="Newer code was at work here: this program shows less than there is, and its reads may be behind.",
            fix="Use the newer version of Reprise; after going back on purpose, drop the newer schema by hand.",
        )
    if older := [each for each in shown if not each.ours]:
        return Note(
            text=f"Older versions of read models are kept, {len(older)} in all: `reprise projections prune` drops them."
        )
    return None


async def builds(patient: Patient) -> Outcome:
    """Find builds of read models that ended badly, or rest."""
    for each in await list_projections(patient.log):
        if each.build and each.build.state == "failed":
            return Finding(
                code="build-failed",
                found=f"The last build of read model {each.name} failed: {each.build.error}",
                why="What it was to mend is not mended; the live form stands unchanged.",
                fix=f"Run `reprise projections rebuild {each.name}` again; report what comes again.",
            )
        if each.build and each.build.state == "paused":
            return Finding(
                code="build-paused",
                found=f"The build of read model {each.name} rests at position {each.build.position}.",
                why="Its half-made tables take room, and no other build of it can begin.",
                fix=f"Run `reprise projections resume {each.name}`, or `reprise projections abort {each.name}`.",
            )
    return None


async def orphans(patient: Patient) -> Outcome:
    """Find builds that no process is at."""
    for each in await list_projections(patient.log):
        if _is_orphan(each, patient):
            return Finding(
                code="build-orphaned",
                found=f"A build of read model {each.name} is under way, but no process is at it.",
                why="Whoever asked for it waits; projectors usually take such builds within seconds.",
                fix=f"Look at the projector's log, or run `reprise projections resume {each.name}`.",
            )
    return None


def _is_orphan(shown: ProjectionShown, patient: Patient) -> bool:
    build = shown.build
    if not build or build.ended or build.state == "paused" or build.held:
        return False
    return patient.parts.now() - build.updated_at > ORPHANED_AFTER


async def people(patient: Patient) -> Outcome:
    """See what waits for people, which is no fault."""
    counted = {each.name: int(each.value) for each in await measures(patient.log)}
    waiting = [
        f"{words}: {counted[name]} (`reprise {verb} list`)"
        for name, words, verb in (
            ("approvals_open", "approvals", "approvals"),
            ("dead_letters_open", "dead letters", "dlq"),
        )
        if counted.get(name)
    ]
    return Note(text=f"People are waited for, {', '.join(waiting)}.") if waiting else None
