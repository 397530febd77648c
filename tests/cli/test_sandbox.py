from __future__ import annotations

import socket
from pathlib import Path

from bot.cli.sandbox import usual_port
from bot.sandbox.slack.credentials import write_address
from bot.sandbox.slack.server import SlackServer


def test_a_restart_listens_where_it_did_before(tmp_path: Path) -> None:
    assert usual_port(tmp_path) == 0
    with SlackServer(tmp_path) as first:
        port = int(first.base_url.rpartition(":")[2])
        assert usual_port(tmp_path) == 0  # it is taken
    assert usual_port(tmp_path) == port
    with SlackServer(tmp_path, usual_port(tmp_path)) as second:
        assert second.base_url == first.base_url


def test_an_address_that_makes_no_sense_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "slack").mkdir()
    write_address(tmp_path, "http://127.0.0.1:nonsense")
    assert usual_port(tmp_path) == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        write_address(tmp_path, f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert usual_port(tmp_path) == 0
