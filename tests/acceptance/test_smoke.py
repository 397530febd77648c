"""The whole product, as `make smoke` runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import psutil


def test_a_newcomer_gets_a_backup_and_its_check() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "bot", "smoke"],
        # What is set outside must not lead the newcomer's trial to it.
        env=os.environ | {"SLACK_BOT_TOKEN": "xoxb-real", "SPAREWHEEL_DATABASE_URL": "postgresql://x:1/y"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.splitlines()[-1] == "smoke: PASS", result.stdout + result.stderr
    assert result.returncode == 0
    assert "/backup now full cruzonic" in result.stdout
    assert "Stored: full backup of" in result.stdout or "Checked: full backup of" in result.stdout
    found = re.search(r"sparewheel-smoke-\w+", result.stdout)
    assert found
    left = [p for p in psutil.process_iter(["cmdline"]) if found[0] in " ".join(p.info["cmdline"] or ())]
    assert left == []
