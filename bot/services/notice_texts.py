"""A notice's text in every format, from its templates: nothing that is typed can ping, link or format."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from bot.core import mrkdwn, notice_times
from bot.core.fit import cut
from bot.core.notice_fields import Filled, NoticeField, Value, read
from bot.errors import ConfigurationError
from bot.services.notice_stages import NoticeStage, StageCatalogue
from bot.settings.notices import ProductSettings

_BLANK_LINES = re.compile(r"\n{3,}")
# A mail's subject longer than this is cut by every reader, and Slack's header takes 150.
_SUBJECT = 140
_ADDRESS = re.compile(r"https://[^\s<>\"|]+")


@dataclass(frozen=True)
class RenderedNotice:
    """One notice in the formats of all channels: `subject` is one line, `slack` finished mrkdwn."""

    subject: str
    text: str
    html: str
    slack: str


@dataclass(frozen=True)
class NoticeTexts:
    """Renders notices. `own`: the team's own folder of kinds, looked at before ours."""

    own: Path | None = None
    catalogue: StageCatalogue = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "catalogue", StageCatalogue(self.own))

    def kinds(self) -> tuple[str, ...]:
        """Every kind of notice."""
        return self.catalogue.kinds()

    def stages(self, kind: str) -> tuple[NoticeStage, ...]:
        """The stages of a kind in their order. Raises NotFoundError."""
        return self.catalogue.stages(kind)

    def stage(self, kind: str, name: str) -> NoticeStage:
        """One stage. Raises NotFoundError."""
        return self.catalogue.stage(kind, name)

    def variables(self, kind: str, stage: str) -> tuple[NoticeField, ...]:
        """What a stage asks for, in the order of its form. Raises NotFoundError."""
        return self.catalogue.stage(kind, stage).fields

    def read(
        self,
        kind: str,
        stage: str,
        typed: Mapping[str, str],
        zone: str,
        now: datetime | None,
        *,
        picked: bool = False,
    ) -> Filled:
        """What was typed (or `picked` in a form) for a stage, checked; times without an offset: in `zone`."""
        return read(self.variables(kind, stage), typed, zone, now, picked=picked)

    def render(
        self,
        kind: str,
        stage: str,
        variables: Mapping[str, Value],
        product: ProductSettings,
        *,
        zones: tuple[str, ...] = (),
    ) -> RenderedNotice:
        """The text of a notice. `variables` as read() gives them; `zones`: the audience's or the product's.

        Raises:
            NotFoundError: there is no such kind or stage.
            ConfigurationError: a template is wrong, or prints a variable that notice.toml does not ask for.
        """
        known = self.stage(kind, stage)
        names = {"product": product, "zones": zones or (product.time_zone,), "stage": known.file}
        # Optional and not given: None. Needed and not given: undefined, which a template refuses to print.
        values = {each.name: None for each in known.fields if not each.required} | dict(variables) | names
        texts = {
            part: self._part(f"{kind}/{stage}/{part}", values)
            for part in ("body.txt", "body.html", "slack.txt")
        }
        subject = " ".join(self._part(f"{kind}/{stage}/subject.txt", values).split())
        return RenderedNotice(
            subject=cut(subject, _SUBJECT),
            text=texts["body.txt"] + "\n",
            html=texts["body.html"] + "\n",
            slack=texts["slack.txt"],
        )

    def _part(self, path: str, values: Mapping[str, Any]) -> str:
        environment = self._environments[path.rpartition("/")[2]]
        try:
            rendered = environment.get_template(path).render(values)
        except (TemplateError, TypeError, ValueError, AttributeError) as error:
            raise ConfigurationError(
                f"The notice template {path} cannot be filled: {str(error).rstrip('.')}.",
                next_step="Mend the template, or the variables in its notice.toml.",
            ) from None
        return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in rendered.split("\n"))).strip()

    @cached_property
    def _environments(self) -> dict[str, ImmutableSandboxedEnvironment]:
        """One for each format: what escapes must not depend on how a template is written."""
        text = self._environment(finalize=_as_text, autoescape=False)
        return {
            "subject.txt": self._environment(finalize=_as_line, autoescape=False),
            "body.txt": text,
            "body.html": self._environment(finalize=_as_html, autoescape=True),
            "slack.txt": self._environment(finalize=_as_slack, autoescape=False),
        }

    def _environment(
        self, *, finalize: Callable[[Any], Any], autoescape: bool
    ) -> ImmutableSandboxedEnvironment:
        made = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self.catalogue.folders),
            undefined=StrictUndefined,
            autoescape=autoescape,
            finalize=finalize,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters |= {
            "at": _at,
            "day": _day,
            "span": notice_times.span_text,
            "link": _link,
            "paragraphs": lambda text: [part.strip() for part in str(text).split("\n\n") if part.strip()],
            "lines": lambda text: str(text).split("\n"),
        }
        made.globals["window"] = _window
        return made


def content_hash(rendered: RenderedNotice, audience: str, when: str) -> str:
    """SHA-256 in hex over every format, who receives it and when; no two contents give the same bytes."""
    parts = (rendered.subject, rendered.text, rendered.html, rendered.slack, audience, when)
    encoded = (part.encode() for part in parts)
    return hashlib.sha256(b"".join(b"%d:%s," % (len(part), part) for part in encoded)).hexdigest()


@pass_context
def _at(context: Context, at: datetime) -> str:
    """`{{ start | at }}`: the instant in the audience's zone and in UTC."""
    return notice_times.times_text(at, context["zones"])


@pass_context
def _day(context: Context, at: datetime) -> str:
    """`{{ start | day }}`: the day alone, in the audience's zone, for a subject."""
    return notice_times.day_text(at, context["zones"][0])


@pass_context
def _window(context: Context, start: datetime, end: datetime) -> list[str]:
    """`{% for line in window(start, end) %}`: one line for each zone."""
    return notice_times.window_lines(start, end, context["zones"])


def _link(url: object) -> object:
    """A web address from the configuration as a link of Slack's; anything else stays text."""
    return mrkdwn.Mrkdwn(f"<{mrkdwn.escape(str(url))}>") if _ADDRESS.fullmatch(str(url)) else url


def _as_text(value: Any) -> Any:
    return mrkdwn.clean(str(value), lines=True)


def _as_line(value: Any) -> Any:
    return mrkdwn.clean(str(value))


def _as_html(value: Any) -> Any:
    """Markup is what a layout block gives back; everything else is escaped by autoescape."""
    return value if isinstance(value, Markup) else mrkdwn.clean(str(value), lines=True)


def _as_slack(value: Any) -> Any:
    return value if isinstance(value, mrkdwn.Mrkdwn) else mrkdwn.plain(str(value))
