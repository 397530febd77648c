"""The kinds of notices and their stages, as the folders of templates/notices describe them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from bot.core.notice_fields import LONGEST, FieldType, NoticeField
from bot.errors import ConfigurationError, NotFoundError
from bot.settings.fields import Part

OURS = Path(__file__).resolve().parents[2] / "templates" / "notices"
PARTS = ("subject.txt", "body.txt", "body.html", "slack.txt")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")


class VariableFile(Part):
    """A `[variables.NAME]` table of notice.toml."""

    type: FieldType
    label: Annotated[str, Field(min_length=1, max_length=75)]
    sample: str
    hint: Annotated[str, Field(max_length=150)] = ""
    required: bool = True
    choices: tuple[Annotated[str, Field(max_length=75)], ...] = ()
    ahead: bool = False
    after: str | None = None
    limit: Annotated[int, Field(ge=1, le=LONGEST)] = LONGEST
    suggest: Annotated[str, Field(pattern=r"^(now|\+[1-9][0-9]{0,3}[mh])?$")] = ""
    within_window: bool = False


class StageFile(Part):
    """notice.toml: what a stage is, and what it asks for."""

    title: str
    order: int
    severity: Literal["info", "warning", "critical", "resolved"]
    audience: str
    approvals: Annotated[int, Field(ge=1, le=9)] = 1
    status: Literal[
        "scheduled", "in_progress", "verifying", "completed",
        "investigating", "identified", "monitoring", "resolved",
    ]  # fmt: skip
    opens: bool = False
    ends: bool = False
    starts_at: str | None = None
    ends_at: str | None = None
    promises: str | None = None
    variables: Mapping[str, VariableFile] = Field(default_factory=dict)


@dataclass(frozen=True)
class NoticeStage:
    """One stage of a kind.

    `opens`: a notice can begin with it. `ends`: nothing follows. `status`: Statuspage's word for it.
    `starts_at`, `ends_at`: the variables that hold the window. `promises`: the one that holds the time by
    which the next word is promised.
    """

    kind: str
    name: str
    file: StageFile
    fields: tuple[NoticeField, ...]

    @property
    def title(self) -> str:
        """What people call it."""
        return self.file.title

    @property
    def samples(self) -> dict[str, str]:
        """A value for each variable, as it could be typed."""
        return {field.name: field.sample for field in self.fields}


@dataclass(frozen=True)
class StageCatalogue:
    """All stages: ours, and those of the team's own folder, which wins where both have a kind."""

    own: Path | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where templates are looked for, in this order."""
        return (self.own, OURS) if self.own else (OURS,)

    def kinds(self) -> tuple[str, ...]:
        """Every kind."""
        return tuple(self._stages)

    def stages(self, kind: str) -> tuple[NoticeStage, ...]:
        """The stages of a kind, in their order.

        Raises:
            NotFoundError: there is no such kind.
        """
        found = self._stages.get(kind)
        if found is None:
            raise NotFoundError(
                f"There is no notice called {kind[:40]}. Known here: {', '.join(self.kinds())}.",
                next_step=f"For instance `{self._example()}`.",
            )
        return found

    def stage(self, kind: str, name: str) -> NoticeStage:
        """One stage.

        Raises:
            NotFoundError: there is no such kind or stage.
        """
        stages = self.stages(kind)
        for stage in stages:
            if stage.name == name:
                return stage
        names = ", ".join(stage.name for stage in stages)
        raise NotFoundError(
            f"A notice of {kind} has no stage {name[:40]}. It has: {names}.",
            next_step=f"For instance `{kind} {stages[0].name}`.",
        )

    def _example(self) -> str:
        kind, stages = next(iter(self._stages.items()))
        return f"{kind} {next(stage.name for stage in stages if stage.file.opens)}"

    @cached_property
    def _stages(self) -> dict[str, tuple[NoticeStage, ...]]:
        found: dict[str, tuple[NoticeStage, ...]] = {}
        for folder in reversed(self.folders):
            found |= {kind.name: _stages_of(kind) for kind in _folders(folder)}
        return found


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        raise ConfigurationError(
            f"The folder of notices {folder} cannot be read: {error.strerror}.",
            next_step="Mend `[notices] templates` in the configuration and start again.",
        ) from None


def _stages_of(kind: Path) -> tuple[NoticeStage, ...]:
    stages = sorted((_stage(kind.name, folder) for folder in _folders(kind)), key=lambda s: s.file.order)
    if not stages or not any(stage.file.opens for stage in stages):
        raise ConfigurationError(f"The notices in {kind} need a stage with opens = true, to begin with.")
    return tuple(stages)


def _stage(kind: str, folder: Path) -> NoticeStage:
    for name in (kind, folder.name):
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"{folder}: {name!r} cannot be a name; use up to 30 of a-z, 0-9 and '-'."
            )
    missing = [part for part in ("notice.toml", *PARTS) if not (folder / part).is_file()]
    if missing:
        raise ConfigurationError(f"The notice in {folder} lacks {', '.join(missing)}.")
    file = _read(folder / "notice.toml")
    fields = tuple(NoticeField(name=name, **vars(variable)) for name, variable in file.variables.items())
    _refuse_unknown(folder, file)
    return NoticeStage(kind, folder.name, file, fields)


def _read(path: Path) -> StageFile:
    try:
        return StageFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read as TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: {place}: {first['msg']}.") from None


def _refuse_unknown(folder: Path, file: StageFile) -> None:
    """A name that points to no variable would be noticed in the middle of an emergency."""
    named = [file.starts_at, file.ends_at, file.promises, *(v.after for v in file.variables.values())]
    for name in named:
        if name is not None and name not in file.variables:
            raise ConfigurationError(f"The notice in {folder} names {name}, which is none of its variables.")
    for name in file.variables:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
            raise ConfigurationError(f"{folder}: {name!r} cannot be a variable; use a-z, 0-9 and '_'.")
