"""Views with ordinary and with extreme content, for the gallery and for every test that draws messages.

One module per family: it names its views in VIEWS (messages), and where it has them in HOMES (Home tabs)
and FORMS (modals). Names that begin with `worst` hold everything as long and as hostile as it can be.
"""

from __future__ import annotations

from bot.gallery.samples import alerts, approvals, backups, health, lists, notices, restore_tests, schedules
from bot.gallery.samples.records import CHECKING, FAILED, RUNNING, STORED
from bot.gallery.samples.values import AROUND, EVIL, NOW, WORST_AROUND, actor

_FAMILIES = (alerts, approvals, backups, restore_tests, lists, notices, schedules, health)

VIEWS: dict[str, object] = {name: view for family in _FAMILIES for name, view in family.VIEWS.items()}
HOMES: dict[str, object] = dict(health.HOMES)
FORMS: dict[str, object] = {
    name: form for family in (approvals, notices) for name, form in family.FORMS.items()
}

__all__ = [
    "AROUND",
    "CHECKING",
    "EVIL",
    "FAILED",
    "FORMS",
    "HOMES",
    "NOW",
    "RUNNING",
    "STORED",
    "VIEWS",
    "WORST_AROUND",
    "actor",
]
