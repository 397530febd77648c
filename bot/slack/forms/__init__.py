"""How each form looks as a modal: one module per family, one way in, `render_form`."""

from __future__ import annotations

from bot.slack.forms import approvals, notice
from bot.slack.forms.base import Modal, render_form

__all__ = ["Modal", "approvals", "notice", "render_form"]
