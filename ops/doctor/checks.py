"""List all checks in the order in which they are made: what others need comes first."""

from ops.doctor import bus, configuration, database, log, machine, read_models, roles
from ops.doctor.examine import Check

START_SECONDS = 30.0
"""What the embedded servers may take; after a crash they first read what they wrote ahead."""

SET = ("settings",)
SCHEMA = ("schema", "log-parts")
MEANT = ("running", "nats", *SCHEMA)

CHECKS = (
    Check("packages", "the installed packages are the locked ones", machine.packages),
    Check("settings", "the settings can be read", configuration.settings),
    Check("address", "strangers cannot act", configuration.door, SET),
    Check("models", "the models that are set can be asked", configuration.models, SET),
    Check("model-key", "the key for models is where it is said to be", configuration.key, SET),
    Check("token-keys", "tokens can be signed and verified, by nobody else", configuration.tokens, SET),
    Check("traces", "traces arrive", configuration.collector, SET),
    Check("data-folder", "data can be kept", machine.data_folder, SET),
    Check("disk", "the disk has room", machine.disk, (*SET, "data-folder")),
    Check("servers", "the servers are there", database.servers, (*SET, "data-folder"), START_SECONDS, uncounted=True),
    Check("last-end", "the last `reprise up` ended by itself", machine.left_behind, SET),
    Check("port", "the port is free", machine.port, SET),
    Check("postgres", "Postgres answers", database.answers, ("servers",)),
    Check("durability", "Postgres loses nothing that it has taken", database.durability, ("postgres",)),
    Check("clock", "the clocks agree", database.clock, ("postgres",)),
    Check("service-role", "the service may work in its role", database.service, ("postgres",)),
    Check("schema", "the schema is this code's", database.schema, ("service-role",)),
    Check("log-parts", "all of the log is there", log.parts, ("schema",)),
    Check("log-rights", "the log cannot be changed", log.rights, SCHEMA),
    Check("log-positions", f"the newest {log.NEWEST:,} events have no gap", log.positions, SCHEMA),
    Check("blobs", "what the log refers to is stored", log.blobs, SCHEMA),
    Check("nats", "NATS answers and keeps streams", bus.answers, ("servers",)),
    Check("versions", "no newer code keeps read models here", read_models.versions, SCHEMA),
    Check("builds", "no build of a read model failed or rests", read_models.builds, SCHEMA),
    Check("running", "a `reprise up` that runs answers", roles.running, ("servers",)),
    Check("stream", "JetStream mirrors this log", roles.stream, (*MEANT, "log-positions")),
    Check("relay", "the relay keeps up", roles.relay, ("stream",)),
    Check("projector", "the read models keep up", roles.projector, (*MEANT, "versions", "log-positions")),
    Check("orphans", "every build has a process", read_models.orphans, ("projector", "builds")),
    Check("workers", "due work is taken", roles.workers, ("projector",)),
    Check("sessions", "no session is stuck", roles.sessions, ("workers",)),
    Check("people", "what waits for people is known", read_models.people, ("projector",)),
)
