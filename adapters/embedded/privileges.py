"""Find a way to run Postgres as root, whom it refuses."""

import os
import pwd
import subprocess
from pathlib import Path

from adapters.embedded.errors import ServerFailed
from adapters.embedded.process import ENVIRONMENT


def unprivileged(cluster: Path) -> list[str]:
    """Return the command prefix under which Postgres agrees to run: none, unless we are root.

    Root works under another name in a user namespace and stays the owner of its files. Where namespaces are
    forbidden, nobody runs Postgres and owns the cluster, and keeps the one capability that lets it pass the
    folders above. No folder's mode is changed. Raises ServerFailed where neither is permitted.
    """
    if os.geteuid() != 0:
        return []
    owner = cluster.stat().st_uid if cluster.exists() else None
    nobody = pwd.getpwnam("nobody")
    user, group = owner or nobody.pw_uid, nobody.pw_gid
    renamed = ["unshare", "--user", f"--map-user={user}", f"--map-group={group}", "--"]
    keep = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    dropped = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", *keep, "--"]
    choices = [renamed] if owner == 0 else [dropped] if owner else [renamed, dropped]
    for prefix in choices:
        if subprocess.run([*prefix, "true"], env=ENVIRONMENT, capture_output=True, check=False).returncode == 0:
            return prefix
    raise ServerFailed(
        f"Postgres refuses to run as root, and this machine permits no other way for {cluster}: "
        "run as an ordinary user or set REPRISE_POSTGRES_URL."
    )
