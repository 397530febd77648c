"""The application's own chain of hashes holds, link by link, by SQL out of the configuration."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from bot.checks import asking, rules
from bot.checks.interface import Restored
from bot.core.finding import Finding
from bot.settings import HashChainSettings


class HashChains:
    """Asks for the number of broken links of each configured chain."""

    name = "hash chain"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Say which chains are broken, empty, or could not be looked at."""
        return [f for chain in restored.settings.hash_chains for f in _look(restored, chain)]


def _look(restored: Restored, chain: HashChainSettings) -> list[Finding]:
    try:
        answer = asking.configured(restored.connection, chain.sql, chain.timeout)
    except asking.NoSingleRowError:
        return [_not_checked(chain, "it did not answer with one row")]
    except psycopg.Error as error:
        if restored.connection.closed:
            raise
        return [_not_checked(chain, asking.cause(error))]
    if not all(type(number) is int for number in answer[:2]):
        return [_not_checked(chain, "it did not answer with a number of broken links")]
    broken = answer[0]
    if broken:
        sentence = f"{broken:,} links of the chain {chain.name!r} do not hold."
        return [rules.finding("HASH_CHAIN_BROKEN", sentence, subject=chain.name)]
    if len(answer) > 1 and not answer[1]:
        sentence = f"The chain {chain.name!r} has no links."
        return [rules.finding("HASH_CHAIN_EMPTY", sentence, subject=chain.name)]
    return []


def _not_checked(chain: HashChainSettings, why: str) -> Finding:
    sentence = f"The chain {chain.name!r} could not be looked at: {why}."
    return rules.finding("HASH_CHAIN_NOT_CHECKED", sentence, subject=chain.name)
