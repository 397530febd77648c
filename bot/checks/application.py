"""The application itself, tried against the scratch database: a command or a URL of the configuration."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from bot.checks import rules
from bot.checks.interface import Restored
from bot.core.finding import Finding
from bot.postgres import child
from bot.postgres.address import Address
from bot.settings import ApplicationSettings

_GRACE_S = 5.0
_ADDRESS = "SCRATCH_DATABASE_URL"


class Application:
    """Runs after everything that reads: the application may write into the scratch database.

    What it prints is thrown away: it may hold rows, and the address with its password.
    """

    name = "application"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Say whether the application said no, or could not be asked."""
        wanted = restored.settings.application
        if wanted is None:
            return []
        if wanted.url is not None:
            return _post(wanted.url, restored.address, wanted.timeout)
        return _command(wanted, restored.address)


def scratch_url(address: Address) -> str:
    """The address as a URL, its password in it: for an environment or a request's body, never for a log."""
    password = f":{quote(address.password, safe='')}" if address.password else ""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return (
        f"postgresql://{quote(address.user, safe='')}{password}@{host}:{address.port}/"
        f"{quote(address.database, safe='')}"
    )


def _command(wanted: ApplicationSettings, address: Address) -> list[Finding]:
    environment = {
        **address.child_environment("sparewheel application check"),
        _ADDRESS: scratch_url(address),
    }
    try:
        code = _run(wanted.command, environment, wanted.timeout)
    except OSError as error:
        return [_not_run(f"the command could not be started ({error.strerror})")]
    if code is None:
        return [_not_run(f"the command was not done after {wanted.timeout:g} s")]
    if code < 0:
        return [_not_run(f"the command was ended by signal {-code}")]
    if code:
        return [rules.finding("APPLICATION_FAILED", f"The application's test ended with exit code {code}.")]
    return []


def _run(command: Sequence[str], environment: Mapping[str, str], timeout_s: float) -> int | None:
    """The exit code; None when the time was up. Ends everything the command started."""
    # The launcher has the command ended when this process dies; it takes a path, so PATH is searched here.
    program = _program(command[0], environment)
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(child.__file__)), str(os.getpid()), program, *command[1:]],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end(process)


def _program(name: str, environment: Mapping[str, str]) -> str:
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    places = [Path(name)] if os.sep in name else [Path(folder) / name for folder in folders]
    for place in places:
        if os.access(place, os.X_OK) and place.is_file():
            return str(place.absolute())
    raise FileNotFoundError(2, "No such program")


def _end(process: subprocess.Popen[bytes]) -> None:
    """The whole session that the command began, what it left in the background included."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(_GRACE_S)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The password goes to the configured place and to no other."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Refuse."""


def _post(url: str, address: Address, timeout_s: float) -> list[Finding]:
    body = json.dumps({"database_url": scratch_url(address)}).encode()
    request = urllib.request.Request(  # noqa: S310 - the configuration allows https and loopback only
        url, data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(request, timeout=timeout_s) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        with error:
            status = error.code
    except (urllib.error.URLError, OSError) as error:
        return [_not_run(f"the URL could not be reached ({type(error).__name__})")]
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own numbers
        return []
    return [rules.finding("APPLICATION_FAILED", f"The application's test answered with status {status}.")]


def _not_run(why: str) -> Finding:
    return rules.finding("APPLICATION_NOT_RUN", f"The application's test could not be run: {why}.")
