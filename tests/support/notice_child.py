"""A worker or a clock in a process of its own that dies, by kill -9, before or after a certain commit."""

from __future__ import annotations

import functools
import itertools
import os
import signal
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from bot.app import House, build
from bot.settings import read_environment
from bot.wiring.deliveries import delivery_runner_of


def deliver(environ: Mapping[str, str], point: int, dispatch_id: str, *channels: str) -> None:
    """Hand a notice over on each channel; die at this point."""
    house = _house(environ, point)
    runner = delivery_runner_of(house)
    for channel in channels:
        runner.run(dispatch_id, channel)
    house.close()


def tick(environ: Mapping[str, str], point: int, at: datetime) -> None:
    """Do what the time asks for; die at this point."""
    house = _house(environ, point)
    house.notices.life.tick(at)
    house.close()


def _house(environ: Mapping[str, str], point: int) -> House:
    _die_at(point)
    return build(read_environment(environ), dict(environ))


def _die_at(point: int) -> None:
    """Points are counted from 0: before the first commit, after it, before the second …"""
    passed = itertools.count()

    def survive() -> None:
        if next(passed) == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(call: Callable[..., Any], commits: Callable[..., bool]) -> Callable[..., Any]:
        @functools.wraps(call)
        def called(*arguments: Any, **named: Any) -> Any:
            if not commits(*arguments):
                return call(*arguments, **named)
            survive()
            result = call(*arguments, **named)
            survive()
            return result

        return called

    def in_transaction(connection: psycopg.Connection[Any], *_: object) -> bool:
        return connection.info.transaction_status is not TransactionStatus.IDLE

    def by_itself(cursor: psycopg.Cursor[Any], query: object, *_: object) -> bool:
        alone = cursor.connection.info.transaction_status is TransactionStatus.IDLE
        return cursor.connection.autocommit and alone and query != ""  # that one is the pool's look

    psycopg.Connection.commit = around(psycopg.Connection.commit, in_transaction)  # type: ignore[method-assign]  # to die around it
    psycopg.Cursor.execute = around(psycopg.Cursor.execute, by_itself)  # type: ignore[method-assign]  # the same
