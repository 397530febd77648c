"""Draws the report's picture: `python -m bot.services.drawing`, a chart as JSON in, a PNG out.

In a process of its own: the drawing library takes more memory than a worker, and gives little of it back.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from bot.core import units

# 720 pixels for a phone that shows 360: nine points come out as 12 of its pixels.
_INCHES_WIDE, _INCHES_A_PANEL, _DOTS = 3.6, 1.75, 200
_POINTS = 9
# A ground of its own, so that it reads the same in a light and in a dark client.
_PAPER, _INK, _FAINT = "#fbfaf7", "#1d1c1d", "#c9c6bf"
# Okabe and Ito's colours, which colour-blind people tell apart; each has a mark of its own besides.
_COLOURS = ("#0072b2", "#c44e00", "#00795a", "#a03a78", "#1d1c1d")
_MARKS = ("o", "s", "^", "D", "v")
_MUCH = 20
_TICKS = 3
# Seconds, minutes, hours and days as people count them.
_SPANS = (
    *(0.5, 1, 2, 5, 10, 15, 30),
    *(60 * n for n in (1, 2, 5, 10, 15, 30)),
    *(3600 * n for n in (1, 2, 3, 6, 12)),
    *(86_400 * n for n in (1, 2, 5, 10, 20, 50)),
)


@dataclass(frozen=True)
class Panel:
    """One of the three drawings: the title, the field of the chart, and how its numbers are written."""

    title: str
    field: str
    written: Callable[[float], str]
    steps: Sequence[float] = ()  # between two lines of the grid; without it, round numbers


PANELS = (
    Panel("Size of a backup", "sizes", lambda value: units.size_text(round(value))),
    Panel("How long it took", "durations", units.duration_text, _SPANS),
    Panel("Age of the data, dashed: allowed", "ages", units.duration_text, _SPANS),
)


def draw(chart: dict[str, Any]) -> bytes:
    """A PNG. `chart`: `begins` (a date), `charts`: each a database's name and a value for each day."""
    drawn = BytesIO()
    figure_of(chart).savefig(drawn, format="png", facecolor=_PAPER)
    return drawn.getvalue()


def figure_of(chart: dict[str, Any]) -> Figure:
    """The three panels one below the other, over the same days."""
    figure = Figure(figsize=(_INCHES_WIDE, _INCHES_A_PANEL * len(PANELS) + 0.5), dpi=_DOTS, facecolor=_PAPER)
    panels: Sequence[Axes] = figure.subplots(len(PANELS), 1, sharex=True)
    begins = date.fromisoformat(chart["begins"])
    for axes, panel in zip(panels, PANELS, strict=True):
        _panel(axes, panel, chart["charts"], begins)
    panels[-1].xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=5))  # type: ignore[no-untyped-call]  # its stubs lack it
    panels[-1].xaxis.set_major_formatter(DateFormatter("%-d %b"))  # type: ignore[no-untyped-call]  # as above
    days = max((len(one["ages"]) for one in chart["charts"]), default=1)
    # Around a single backup the library would show years.
    first: Any = begins - timedelta(days=1)
    panels[-1].set_xlim(first, first + timedelta(days=days + 1))
    _legend(figure, panels[0])
    return figure


def _panel(axes: Axes, panel: Panel, charts: Sequence[dict[str, Any]], begins: date) -> None:
    for number, chart in enumerate(charts):
        _line(axes, chart, panel.field, begins, number)
    if panel.field == "ages":
        for limit in {chart["rpo"] for chart in charts if chart["rpo"]}:
            axes.axhline(limit, color=_INK, linewidth=1.2, linestyle=(0, (4, 3)))
    axes.set_title(panel.title, loc="left", fontsize=_POINTS, color=_INK, fontweight="bold")
    axes.set_facecolor(_PAPER)
    axes.tick_params(labelsize=_POINTS, colors=_INK, length=2)
    axes.grid(axis="y", color=_FAINT, linewidth=0.6)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(_FAINT)
    _scale(axes, [v for chart in charts for v in chart[panel.field] if v], panel.steps)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _at: _short(panel.written(max(value, 0)))))


def _line(axes: Axes, chart: dict[str, Any], field: str, begins: date, number: int) -> None:
    points = [
        (begins + timedelta(days=n), value) for n, value in enumerate(chart[field]) if value is not None
    ]
    days: Any = [at for at, _ in points]
    axes.plot(
        days,
        [value for _, value in points],
        marker=_MARKS[number % len(_MARKS)],
        markersize=4,
        markevery=max(len(points) // 8, 1),
        label=_name(chart["database"]),
        color=_COLOURS[number % len(_COLOURS)],
        linewidth=1.6,
    )


def _scale(axes: Axes, values: Sequence[float], steps: Sequence[float]) -> None:
    """From zero, or where one is many times the other, by powers of ten."""
    if values and max(values) > _MUCH * min(values):
        axes.set_yscale("log")
        axes.minorticks_off()
    else:
        top = max(axes.get_ylim()[1], 1.0)
        axes.set_ylim(0, top)
        if fitting := [step for step in steps if top / _TICKS <= step]:
            axes.yaxis.set_major_locator(MultipleLocator(fitting[0]))
        else:
            axes.yaxis.set_major_locator(MaxNLocator(nbins=_TICKS))


def _short(text: str) -> str:
    """`6.0 MB` -> `6 MB`: the axis has no room for noughts."""
    return text.replace(".0 ", " ")


def _legend(figure: Figure, axes: Axes) -> None:
    lines, names = axes.get_legend_handles_labels()
    figure.legend(lines, names, loc="upper left", ncols=2, fontsize=_POINTS, frameon=False, labelcolor=_INK)
    rows = (len(names) + 1) // 2
    figure.subplots_adjust(left=0.2, right=0.97, bottom=0.06, top=0.95 - 0.032 * rows, hspace=0.32)


def _name(name: str) -> str:
    """A database's name, without what the library would take for a formula, cut to half the width."""
    plain = name.replace("$", "\\$")
    return plain if len(plain) <= 18 else f"{plain[:17]}…"  # noqa: PLR2004 - half of the picture's width


def main() -> None:
    """Draw what comes in."""
    sys.stdout.buffer.write(draw(json.load(sys.stdin)))


if __name__ == "__main__":
    main()
