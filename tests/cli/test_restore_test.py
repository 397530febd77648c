from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bot.sandbox.embedded.servers import EmbeddedServers
from tests.cli.conftest import CommandLine


@pytest.fixture
def proving(sparewheel: CommandLine, embedded: EmbeddedServers) -> CommandLine:
    """With a staging server and one backup."""
    configuration = Path(sparewheel.environ["SPAREWHEEL_CONFIG"])
    with configuration.open("a") as file:
        file.write('staging_url_env = "FLEET_STAGING"\nfingerprints = "all"\nrto = "1h"\n')
    sparewheel.environ["FLEET_STAGING"] = embedded.staging_url
    sparewheel("backup", "now", "full")
    return sparewheel


def location(run: CommandLine) -> Path:
    record = json.loads(run("backup", "list", "--json"))["records"][0]
    return Path(record["location"].removeprefix("file://"))


def test_a_pass_ends_with_0_and_says_so_everywhere(proving: CommandLine, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    said = proving("restore-test", "--junit", str(report))
    assert "# PASS: restore test" in said
    assert "- Issues: None" in said
    assert "Testing backup" in said
    suite = ET.fromstring(report.read_bytes())  # noqa: S314 - written by the program under test
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")
    status = proving("backup", "status")
    assert "last proved" in status
    assert "(may take 1 h)" in status
    assert json.loads(proving("backup", "list", "--json"))["records"][0]["tested"] is True


def test_a_fail_ends_with_1(proving: CommandLine, tmp_path: Path) -> None:
    with location(proving).open("r+b") as archive:
        archive.seek(200)
        archive.write(b"\xff\x00\xff")
    report = tmp_path / "report.xml"
    message = json.loads(proving("restore-test", "latest", "--json", "--junit", str(report), code=1))
    assert message["test"]["verdict"] == "FAIL"
    suite = ET.fromstring(report.read_bytes())  # noqa: S314 - see above
    failure = suite.find(".//failure")
    assert failure is not None
    assert failure.get("type") == "ARCHIVE_HASH_DIFFERS"


def test_what_could_not_be_verified_ends_with_2(proving: CommandLine) -> None:
    proving.environ["FLEET_STAGING"] = "postgresql://postgres:x@127.0.0.1:1/postgres"
    assert "# COULD NOT VERIFY" in proving("restore-test", "fleet", code=2)


def test_one_that_waits_is_cancelled(proving: CommandLine) -> None:
    assert "is queued" in proving("restore-test", "--detach")
    assert "never began" in proving("restore-test", "cancel")


def test_plain_sql_cannot_be_tested_and_does_not_count_as_the_latest(proving: CommandLine) -> None:
    first = json.loads(proving("backup", "list", "--json"))["records"][0]["id"]
    plain = json.loads(proving("backup", "now", "plain", "--json"))["id"]
    assert "plain SQL" in proving("restore-test", plain, code=2)
    message = json.loads(proving("restore-test", "--detach", "--json"))
    assert message["test"]["backup_id"] == first
