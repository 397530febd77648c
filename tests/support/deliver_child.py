"""A process that hands a notice over by mail, to be killed."""

from __future__ import annotations

from bot.channels.open import ConfiguredChannels
from bot.errors import DeliveryWaitsError
from bot.ledger.connection import open_pool
from bot.services.run_deliveries import DeliveryRunner
from bot.settings.channels import SmtpSettings

LEASE = 0.3


def channels(port: int, per_second: float = 10_000) -> ConfiguredChannels:
    settings = SmtpSettings.model_validate(
        {
            "type": "smtp",
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "sender": "notices@fleetnest.example",
            "unsubscribe": "https://fleetnest.example/u/{recipient}",
            "per_second": per_second,
        }
    )
    return ConfiguredChannels({"mail": settings}, {})


def deliver(ledger_url: str, port: int, dispatch_id: str) -> None:
    """To the end, coming back as a job would."""
    with open_pool(ledger_url, max_size=2) as pool:
        runner = DeliveryRunner(pool, channels(port), lease_seconds=LEASE)
        while True:
            try:
                runner.run(dispatch_id, "mail")
            except DeliveryWaitsError as waits:
                runner.stopping.wait(min(waits.seconds, LEASE))
            else:
                return
