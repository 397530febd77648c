from __future__ import annotations

import http.client
import json
import stat
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from bot.errors import SandboxError
from bot.sandbox.slack import credentials
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.guard import is_loopback, refuse_real_databases
from bot.sandbox.slack.server import SlackServer, serve


def post(slack: SlackServer, path: str, headers: dict[str, str]) -> tuple[int, str]:
    parts = urlsplit(slack.base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    try:
        connection.request("POST", path, "{}", headers)
        answer = connection.getresponse()
        return answer.status, str(json.loads(answer.read())["error" if answer.status != 200 else "ok"])
    finally:
        connection.close()


def headers(slack: SlackServer, **more: str) -> dict[str, str]:
    token = slack.credentials.person_token
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} | more


def test_the_right_token_from_the_right_place_passes(slack: SlackServer) -> None:
    assert post(slack, "/sandbox/status", headers(slack)) == (200, "True")
    assert post(slack, "/sandbox/status", headers(slack, Origin=slack.base_url)) == (200, "True")


def test_a_wrong_token_is_refused(slack: SlackServer) -> None:
    for wrong in ("", "Bearer ", "Bearer wrong", f"Bearer {slack.credentials.bot_token}"):
        assert post(slack, "/sandbox/say", headers(slack, Authorization=wrong))[0] == 401


@pytest.mark.parametrize("path", ["/sandbox/status", "/api/auth.test", "/response/x"])
def test_a_foreign_origin_is_refused(slack: SlackServer, path: str) -> None:
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
        assert post(slack, path, headers(slack, Origin=origin)) == (403, "foreign_origin")


@pytest.mark.parametrize("path", ["/sandbox/status", "/api/auth.test"])
def test_a_host_that_is_not_this_machine_is_refused(slack: SlackServer, path: str) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "10.0.0.1", ""):
        assert post(slack, path, headers(slack, Host=host)) == (403, "foreign_host")


def test_a_form_is_refused(slack: SlackServer) -> None:
    assert post(slack, "/sandbox/status", headers(slack, **{"Content-Type": "text/plain"}))[0] == 415


@pytest.mark.parametrize("host", ["", "slack.com", "0.0.0.0", "192.168.1.1", "localhost.evil.example"])  # noqa: S104 - a host to be refused
def test_what_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_what_is_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "localhost", "::1", "[::1]")))


def test_credentials_are_their_owners_alone(slack: SlackServer, tmp_path: Path) -> None:
    path = tmp_path / "slack" / "credentials.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert slack.credentials.bot_token not in repr(slack.credentials)
    assert credentials.make_or_read(tmp_path) == slack.credentials
    path.chmod(0o644)
    with pytest.raises(SandboxError, match="read by others"):
        credentials.read(tmp_path)


def test_no_sandbox_in_this_home(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="no sandbox here"):
        SandboxClient(tmp_path)


def test_a_stopped_sandbox_says_so(tmp_path: Path) -> None:
    with SlackServer(tmp_path):
        pass
    with pytest.raises(SandboxError, match="does not answer"):
        SandboxClient(tmp_path).read()


def test_a_taken_port_is_a_sentence(slack: SlackServer, tmp_path: Path) -> None:
    port = urlsplit(slack.base_url).port
    with pytest.raises(SandboxError, match=f"Port {port} is taken"):
        SlackServer(tmp_path / "other", port or 0).start()


def test_only_embedded_databases_are_let_in(tmp_path: Path, sample_url: Callable[..., str]) -> None:
    url = sample_url("cruzonic")
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
    assert row is not None
    refuse_real_databases({"cruzonic": url}, {row[0]})
    serve(tmp_path, databases={"cruzonic": url}, allowed_system_identifiers={row[0]}).stop()
    with pytest.raises(SandboxError, match="cruzonic is not one of its embedded ones") as caught:
        SlackServer(tmp_path, databases={"cruzonic": url}, allowed_system_identifiers={1})
    assert url not in str(caught.value)


def test_a_database_that_cannot_be_asked_is_refused() -> None:
    url = "postgresql://somebody:hunter2@127.0.0.1:1/x"
    with pytest.raises(SandboxError, match="could not find out") as caught:
        refuse_real_databases({"x": url}, {1})
    assert "hunter2" not in f"{caught.value}{caught.value.cause}{caught.value.__cause__}"
