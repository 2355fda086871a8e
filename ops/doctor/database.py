"""Check Postgres as a server: that it answers, loses nothing, tells the time, and has the schema of this code."""

from datetime import timedelta

from domain.errors import Refused, RepriseError, Unavailable
from ops.doctor.outcome import Finding, Note, Outcome
from ops.doctor.patient import Patient

MOST_SKEW = timedelta(seconds=1)


async def servers(patient: Patient) -> Outcome:
    """Start the embedded servers where they are left to us and none run."""
    try:
        patient.where = await patient.stack.enter_async_context(patient.parts.start(patient.settings))
    except (RepriseError, TimeoutError) as fault:
        return Finding(
            code="servers-do-not-start",
            found=str(fault) or "The embedded servers were not ready in time.",
            why="Every verb starts them in the data folder, or works with those of a running `reprise up`.",
            fix="See to what is said there, and to postgres/postgres.log and nats/nats-server.log in the data folder; "
            "where another verb is at work, wait for it.",
        )
    if patient.served:
        return None
    return Note(text="No `reprise up` runs: embedded servers that are not set were started to be looked at, and ended.")


async def answers(patient: Patient) -> Outcome:
    """Connect to Postgres."""
    try:
        log = patient.parts.open_log(patient.where.postgres_url)
        patient.log = await patient.stack.enter_async_context(log)
    except TimeoutError:
        return _away("postgres-hangs", "Postgres takes connections, or lets them wait, but does not answer.")
    except Refused as fault:
        return _away("postgres-refuses", f"Postgres does not let us in: {fault}")
    except Unavailable as fault:
        return _away("postgres-unreachable", f"Postgres cannot be reached: {fault}")
    return None


def _away(code: str, found: str) -> Finding:
    fixes = {
        "postgres-hangs": "See whether its processes are stopped, or its disk or machine hangs; then restart it.",
        "postgres-refuses": "Correct user, password and database in REPRISE_POSTGRES_URL, or let an administrator in.",
        "postgres-unreachable": "Start Postgres, or correct REPRISE_POSTGRES_URL.",
    }
    return Finding(code=code, found=found, why="The log is there: nothing works without it.", fix=fixes[code])


async def durability(patient: Patient) -> Outcome:
    """Find out whether what was answered may be lost."""
    if not (rows := await patient.log.fetch("unsafe")):
        return None
    names = ", ".join(row["name"] for row in rows)
    return Finding(
        code="durability-off",
        found=f"Postgres runs with these off: {names}.",
        why="After a crash, events that were answered as recorded can be missing or half written.",
        fix="Set them to on, in postgresql.conf and for this database and login, and reload.",
    )


async def clock(patient: Patient) -> Outcome:
    """Hold the server's clock against this machine's, at the middle of the question."""
    before = patient.parts.now()
    (row,) = await patient.log.fetch("clock")
    after = patient.parts.now()
    skew = row["at"] - (before + (after - before) / 2)
    if abs(skew) <= MOST_SKEW + (after - before) / 2:
        return None
    return Finding(
        code="clocks-differ",
        found=f"The clock of Postgres is {abs(skew).total_seconds():.1f} s "
        f"{'ahead of' if skew > timedelta() else 'behind'} this machine's.",
        why="Leases and timers are set by one clock and looked after by another: calls lapse early or wait too long.",
        fix="Let both machines keep time by the same service (NTP).",
    )


async def service(patient: Patient) -> Outcome:
    """Become the service, as which everything is done."""
    (row,) = await patient.log.fetch("login")
    (made,) = await patient.log.fetch("has_migrations")
    if not (row["known"] and made["known"]):
        return Finding(
            code="not-migrated",
            found="This database has no schema of Reprise yet.",
            why="Neither the log nor its rules are there.",
            fix="Run `reprise migrate`.",
        )
    if not row["may"]:
        return Finding(
            code="service-role-denied",
            found=f"The login {row['login']} may not work as reprise_service.",
            why="The service does nothing under any other role, so that Postgres itself keeps the log unchanged.",
            fix=f"Let an administrator of Postgres run `GRANT reprise_service TO {row['login']}`.",
        )
    await patient.log.fetch("work_as_service")
    return None


async def schema(patient: Patient) -> Outcome:
    """Hold the migrations that were applied against those that this code knows."""
    known = patient.parts.migrations()
    applied = {row["name"]: row["checksum"] for row in await patient.log.fetch("migrations")}
    if newer := sorted(applied.keys() - known.keys()):
        return _odd_schema(
            "schema-too-new",
            f"The database has migration {newer[-1]}, which this version of Reprise does not know.",
            "Install the version that wrote it, or a newer one.",
        )
    if changed := sorted(name for name in applied if applied[name] != known[name]):
        return _odd_schema(
            "schema-changed",
            f"Migration {changed[0]} was applied with another text than this version carries.",
            "Install the version that wrote it; an applied migration is never edited.",
        )
    missing = sorted(known.keys() - applied.keys())
    if any(name.endswith(".pre") for name in missing):
        return _odd_schema(
            "schema-behind",
            f"The database lacks {missing[0]}"
            + (f" and later migrations, {len(missing)} in all." if missing[1:] else "."),
            "Run `reprise migrate`.",
        )
    if missing:
        return Note(text=f"`reprise migrate` removes what only older code needed: {', '.join(missing)}.")
    return None


def _odd_schema(code: str, found: str, fix: str) -> Finding:
    return Finding(code=code, found=found, why="Reprise refuses to work on a schema that it was not made for.", fix=fix)
