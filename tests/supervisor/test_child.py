"""Children are real processes; what stands in for the product is a few lines of Python."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bot.supervisor.child import Child

READY = "import os, pathlib, time; pathlib.Path(os.environ['SPAREWHEEL_READY_FILE']).touch(); "


def until(look: Callable[[], bool]) -> None:
    """Wait for something that must come; the suite's own timeout bounds it."""
    while not look():
        time.sleep(0.02)


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Child]]:
    """Makes a child whose `python -m bot` runs the given code."""
    (tmp_path / "code" / "bot").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "code")
    made: list[Child] = []

    def make(code: str, patience: float = 10.0) -> Child:
        (tmp_path / "code" / "bot" / "__init__.py").write_text("")
        (tmp_path / "code" / "bot" / "__main__.py").write_text(code)
        made.append(Child("role", ("word",), tmp_path / "home", {"SECRET": "hunter2"}, patience))
        return made[-1]

    yield make
    for one in made:
        one.stop(threading.Event())


def pid(one: Child) -> int:
    assert one._process is not None
    return one._process.pid


def test_a_child_says_when_it_is_ready_and_ends_when_asked(child: Callable[[str], Child]) -> None:
    one = child(READY + "time.sleep(600)")
    assert not one.is_ready
    one.start()
    until(lambda: one.is_ready)
    one.stop(threading.Event())
    assert one.has_stopped
    assert not one.is_ready
    assert not psutil.pid_exists(pid(one))


def test_what_it_says_is_kept_and_prefixed(
    child: Callable[[str], Child], capsys: pytest.CaptureFixture[str]
) -> None:
    one = child("print('first words', flush=True)")
    one.start()
    until(lambda: one.has_stopped)
    one.stop(threading.Event())
    assert one.log.read_text() == "first words\n"
    assert one.log.stat().st_mode & 0o777 == 0o600
    assert "role | first words" in capsys.readouterr().err


def test_what_it_found_worth_looking_at_is_read_with_its_readiness(child: Callable[[str], Child]) -> None:
    one = child(
        "import os, time\nfrom pathlib import Path\n"
        "path = Path(os.environ['SPAREWHEEL_READY_FILE'])\n"
        "path.write_text('one thing\\nanother')\ntime.sleep(600)"
    )
    assert one.problems == []
    one.start()
    until(lambda: one.problems == ["one thing", "another"])
    assert one.is_ready
    one.stop(threading.Event())
    assert one.problems == []


def test_secrets_go_by_environment_and_not_by_argument(child: Callable[[str], Child]) -> None:
    one = child("import os, sys; print(os.environ['SECRET'], sys.argv[1:], flush=True)")
    one.start()
    until(lambda: one.has_stopped)
    one.stop(threading.Event())
    assert one.log.read_text() == "hunter2 ['word']\n"
    assert "hunter2" not in repr(one)


def test_one_that_does_not_end_is_killed_with_its_own_children(child: Callable[[str], Child]) -> None:
    code = (
        "import signal, subprocess, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "other = subprocess.Popen(['sleep', '600'])\n"
        "print(other.pid, flush=True)\n" + READY + "time.sleep(600)"
    )
    one = child(code)
    one.start()
    until(lambda: one.is_ready and one.log.read_text().strip().isdigit())
    grandchild = psutil.Process(int(one.log.read_text()))
    hurry = threading.Event()
    hurry.set()
    one.stop(hurry)
    assert one.has_stopped
    until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


def test_one_that_crashed_is_started_again(
    child: Callable[[str], Child], capsys: pytest.CaptureFixture[str]
) -> None:
    one = child(READY + "time.sleep(600)")
    one.start()
    until(lambda: one.is_ready)
    first = pid(one)
    os.kill(first, 9)
    until(lambda: one.has_stopped)

    def back() -> bool:
        one.look_after()
        return not one.has_stopped and one.is_ready

    until(back)
    assert pid(one) != first
    assert one.failures == 1
    assert "role ended (exit code -9); again in 1 s" in capsys.readouterr().err


def test_pauses_double(child: Callable[[str], Child], capsys: pytest.CaptureFixture[str]) -> None:
    one = child("raise SystemExit(1)")
    one.start()

    def thrice() -> bool:
        one.look_after()
        return one.failures == 3

    until(thrice)
    assert [line[-3:] for line in capsys.readouterr().err.splitlines() if "again" in line] == [
        "1 s",
        "2 s",
        "4 s",
    ]


def test_a_mistake_in_the_configuration_is_not_tried_again(child: Callable[[str], Child]) -> None:
    one = child("print('Mend this line.', flush=True); raise SystemExit(2)")
    one.start()
    until(lambda: one.has_stopped)
    assert one.is_hopeless
    one.stop(threading.Event())
    assert one.log.read_text() == "Mend this line.\n"
