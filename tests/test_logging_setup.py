from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from bot.logging_setup import LineFormatter, configure, redact, secrets_of

ENVIRON = {
    "CRUZONIC_DATABASE_URL": "postgresql://postgres:p%40ss-word@db.example.com:5432/postgres",
    "SLACK_SIGNING_SECRET": "0123456789abcdef",
    "CRUZONIC_S3_ACCESS_KEY": "AKIAEXAMPLE",
    "HOME": "/home/omar",
    "SHORT_TOKEN": "abc",
}


@pytest.fixture
def as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("bot", "commands"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_secrets_are_found_by_name_and_in_addresses() -> None:
    assert set(secrets_of(ENVIRON)) == {"p%40ss-word", "p@ss-word", "0123456789abcdef", "AKIAEXAMPLE"}


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:hunter2@h/d",
        "could not connect to 'postgresql://u:hunter2@h:5432/d?sslmode=require'",
        "host=h password=hunter2 user=u",
        "host=h password='hunter2 x' user=u",
        "Authorization: Bearer hunter2",
        "token xoxb-123456-hunter2",
        "token xapp-1-A0-hunter2",
        "https://:hunter2@h/",
        "postgresql://u:hunter2:more@h/d",
    ],
)
def test_what_looks_like_a_secret_is_starred(text: str) -> None:
    assert "hunter2" not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize(
    "text", ["https://example.com/a:b", "mail omar@example.com", "12:30 a@b", "s3://bucket/key"]
)
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.usefixtures("as_it_was")
def test_an_event_is_one_line_without_secrets() -> None:
    stream = io.StringIO()
    configure(environ=ENVIRON, stream=stream)
    error = RuntimeError("line one p@ss-word\nline two 0123456789abcdef")
    logging.getLogger("bot.test").error(
        "it\nbroke %s", "AKIAEXAMPLE", exc_info=error, extra={"backup": "a1b2"}
    )
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert "RuntimeError" in text
    assert "backup=a1b2" in text
    for secret in secrets_of(ENVIRON):
        assert secret not in text


@pytest.mark.usefixtures("as_it_was")
def test_libraries_are_quiet_and_we_are_not() -> None:
    stream = io.StringIO()
    configure(environ={}, stream=stream)
    logging.getLogger("botocore").info("noise")
    logging.getLogger("bot.jobs").info("worker ready")
    assert stream.getvalue().endswith("INFO bot.jobs worker ready\n")
    assert "noise" not in stream.getvalue()


def test_the_time_is_utc() -> None:
    record = logging.makeLogRecord({"created": 0.0, "msecs": 5, "msg": "m", "levelname": "INFO", "name": "n"})
    assert LineFormatter().format(record) == "1970-01-01T00:00:00.005Z INFO n m"
