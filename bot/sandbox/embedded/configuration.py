"""The configuration that goes with the embedded servers: both samples, a folder, the sandbox's people."""

from __future__ import annotations

import json
from pathlib import Path

_HEAD = """\
# Written at each start of the embedded servers: changes here are lost. To keep your own, copy this file
# and set SPAREWHEEL_CONFIG to the copy.

[slack]
operations_channel = "C0OPS"
alerts_channel = "C0ALERTS"

[roles]
operator = ["S0OPERATORS"]
approver = ["S0APPROVERS"]
viewer = ["S0VIEWERS"]
administrator = ["U0ADA"]

[storage]
url = {url}
encryption = "none"
"""
# Everything here happens faster than elsewhere: whoever tries it does not wait a minute.
_HOUSE = """
[house]
tick = "10s"

[notices.products.cruzonic]
name = "Cruzonic"
time_zone = "America/New_York"
database = "cruzonic"

[notices.products.fleetnest]
name = "FleetNest"
time_zone = "America/Chicago"
database = "fleetnest"

[channels.shared-channel]
type = "slack"
channels = ["C0CUSTOMERS"]

[audiences.customers]
channels = ["shared-channel"]
"""
_CRUZONIC = """
[databases.cruzonic]
url_env = "SAMPLE_CRUZONIC_URL"
staging_url_env = "SAMPLE_CRUZONIC_STAGING_URL"
platform = "supabase"
time_zone = "America/New_York"
rpo = "26h"
rto = "4h"
critical = ["eld_events", "log_periods", "audit_log", "certifications", "eld_records", "audit_entries"]
important = [
  "drivers", "vehicles", "eld_devices", "carriers", "profiles",
  "duty_status_records", "hos_calculations", "hos_violations", "unidentified_driver_records",
  "DvirReports",
]
supporting = [
  "vehicle_eld_assignments", "driver_vehicle_assignments", "trailers", "eld_malfunctions",
  "dispatch_messages",
]

[databases.cruzonic.schedules.weekly]
kind = "full"
cron = "0 2 * * sun"
grace = "6h"
keep = "6 months"

[databases.cruzonic.schedules.daily]
kind = "critical"
cron = "0 3 * * *"
stale_after = "48h"
keep = "6 months"

[databases.cruzonic.schedules.monthly-test]
kind = "restore-test"
cron = "first monday 09:00"

[[databases.cruzonic.checks]]
name = "no event from the future"
sql = "select count(*) from eld_events where event_timestamp > now() + interval '1 day'"
expect = "== 0"
"""
_FLEETNEST = """
[databases.fleetnest]
url_env = "SAMPLE_FLEETNEST_URL"
staging_url_env = "SAMPLE_FLEETNEST_STAGING_URL"
platform = "supabase"
time_zone = "America/Chicago"
rpo = "26h"
critical = [
  "companies", "user_company_roles", "company_payment_periods",
  "driver_period_calculations", "loads", "fuel_expenses",
]
important = ["settlement_notes"]
supporting = ["Loads"]

[databases.fleetnest.schedules.daily]
kind = "full"
cron = "0 4 * * *"
keep = "30 days"
"""


def configuration_text(backups: Path) -> str:
    """The whole of sparewheel.toml; `backups` is the folder, as a full path, that archives go to."""
    # JSON's strings are TOML's basic strings, escapes included.
    return _HEAD.format(url=json.dumps(backups.as_uri())) + _HOUSE + _CRUZONIC + _FLEETNEST
