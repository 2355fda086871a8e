"""Ask the advisory database about every locked dependency; say plainly when it cannot be reached."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"
UNREACHABLE = re.compile("onnection|resolve|timed out|Server Error|Too Many Requests")
"""What pip-audit says where the database, or the way to it, is in trouble."""
LOCKED = ["-r", str(LOCK), "--require-hashes", "--disable-pip"]


def main() -> int:
    """Print the outcome and return the exit code: 1 only for a known vulnerability or a broken lock."""
    command = [sys.executable, "-m", "pip_audit", *LOCKED, "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.startswith("{"):
        last = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
        if not UNREACHABLE.search(done.stderr):
            print(f"audit failed: {last}")
            return 1
        print(f"audit skipped: no advisory database reachable ({last})")
        return 0
    return report(json.loads(done.stdout)["dependencies"])


def report(dependencies: list[dict[str, Any]]) -> int:
    """Print one line for each vulnerability and one in sum; return 1 if there is any."""
    audited = [one for one in dependencies if "skip_reason" not in one]
    found = [(one, vulnerability) for one in audited for vulnerability in one["vulns"]]
    for one, vulnerability in found:
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        print(f"{one['name']} {one['version']}: {vulnerability['id']}, fixed in {fixed}")
    if not audited:
        print(f"audit skipped: no advisory database reachable ({len(dependencies)} dependencies not audited)")
    else:
        print(f"audited {len(audited)} of {len(dependencies)} dependencies: {len(found)} vulnerabilities")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
