"""The plots of the reports, as vector graphics: drawn once, shown inline in the page's colours or kept as files.

Drawing needs matplotlib, which takes half a second to load; this module is imported only when a
report is written.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.figure import Figure

from dialogue_sim.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _SOFT, _LINE, _MARK = "#1c1b19", "#5d5a54", "#d6d2c9", "#1f5c7a"
_INLINE = {_INK: "var(--ink)", _SOFT: "var(--soft)", _LINE: "var(--line)", _MARK: "var(--mark)"}
_WIDTH_IN = 5.6
_FORMS = ("svg", "png")
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none", "font.size": 10.5, "axes.edgecolor": _LINE, "axes.labelcolor": _SOFT, "text.color": _INK,
    "xtick.color": _SOFT, "ytick.color": _INK, "axes.spines.top": False, "axes.spines.right": False,
    "xtick.major.size": 3, "ytick.major.size": 0, "axes.axisbelow": True,
}  # fmt: skip


class Row(NamedTuple):
    """One line of a plot of intervals. `value` None makes it a heading; `aside` stands at the right edge."""

    name: str
    value: float | None = None
    bounds: tuple[float, float] | None = None
    aside: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Plot:
    """One plot.

    Attributes:
        name: of the file it is written to, without its ending.
        title: what it shows, for those who cannot see it and as its caption.
    """

    name: str
    title: str
    draw: Callable[[], Figure]

    def inline(self) -> Markup:
        """The plot as part of a page: text stays text, and the colours are the page's."""
        svg = _drawn(self, "svg").decode()
        svg = svg[svg.index("<svg") :]
        svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
        for colour, variable in _INLINE.items():
            svg = svg.replace(colour, variable)
        used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg))
        svg = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in used else "", svg)
        svg = re.sub(r"font-family: [^;\"]*(; )?", "", svg)
        svg = re.sub(r'(<svg[^>]*?) width="[^"]+"', r"\1", svg, count=1)
        svg = re.sub(r'(<svg[^>]*?) height="[^"]+"', r"\1", svg, count=1)
        head = f'<svg role="img" aria-label="{escape(self.title)}"'
        return Markup(svg.replace("<svg", head, 1))


def write_plots(plots: Sequence[Plot], folder: Path, forms: Sequence[str] = _FORMS) -> list[Path]:
    """Write plots as files.

    Raises:
        ConfigError: the folder cannot be made or written.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for plot in plots:
            for form in forms:
                file = folder / f"{plot.name}.{form}"
                file.write_bytes(_drawn(plot, form))
                written.append(file)
    except OSError as problem:
        raise ConfigError(f"cannot be written: {problem.strerror}", where=str(folder)) from None
    return written


@contextmanager
def _style(name: str) -> Iterator[None]:
    fonts = ["Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", "DejaVu Sans"]
    with rc_context({**_SETTINGS, "svg.hashsalt": name, "font.sans-serif": fonts}), warnings.catch_warnings():
        # A font that lacks Chinese matters to nobody where text stays text.
        warnings.simplefilter("ignore")
        yield


def _drawn(plot: Plot, form: str) -> bytes:
    buffer = io.BytesIO()
    with _style(plot.name):
        metadata: dict[str, Any] = {"Date": None} if form == "svg" else {}
        plot.draw().savefig(
            buffer, format=form, metadata=metadata, bbox_inches="tight", pad_inches=0.03, dpi=200, transparent=form == "svg"
        )  # fmt: skip
    return buffer.getvalue()


def _axes(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH_IN, height))
    axes = figure.add_subplot()
    axes.spines["left"].set_visible(False)
    return figure, axes


def interval_plot(
    name: str, title: str, rows: Sequence[Row], *, scale: tuple[float, float] = (0, 100), axis: str = ""
) -> Plot:
    """Values with their intervals, a line each, from the top down. A zero within the scale is marked."""

    def draw() -> Figure:
        figure, axes = _axes(0.45 + 0.25 * len(rows))
        low, high = scale
        for place, row in enumerate(rows):
            if row.value is None:
                continue
            if row.bounds:
                axes.plot(row.bounds, (place, place), color=_MARK, lw=1.4, solid_capstyle="butt", alpha=1)
            axes.plot([row.value], [place], "o", color=_MARK, ms=5.5 if row.strong else 4)
            axes.annotate(
                row.aside, (1.02, place), xycoords=("axes fraction", "data"), va="center", color=_SOFT,
                annotation_clip=False,
            )  # fmt: skip
        if low < 0 < high:
            axes.axvline(0, color=_SOFT, lw=0.8)
        axes.set_xlim(low, high)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_yticks(range(len(rows)), [row.name for row in rows])
        for text, row in zip(axes.get_yticklabels(), rows, strict=True):
            text.set_color(_SOFT if row.value is None else _INK)
            text.set_fontweight("bold" if row.strong else "normal")
        axes.grid(axis="x", color=_LINE, lw=0.6)
        axes.set_xlabel(axis)
        return figure

    return Plot(name, title, draw)


def histogram_plot(name: str, title: str, values: Sequence[float], *, axis: str, counted: str) -> Plot:
    """How scores on 0–100 are spread, in steps of five, each value a tick on the axis."""

    def draw() -> Figure:
        from matplotlib.ticker import MaxNLocator

        figure, axes = _axes(2.1)
        axes.hist(values, bins=list(range(0, 101, 5)), color=_MARK, rwidth=0.9)
        axes.plot(values, [0] * len(values), "|", color=_INK, ms=7, mew=0.7, clip_on=False)
        axes.set_xlim(0, 100)
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.grid(axis="y", color=_LINE, lw=0.6)
        axes.tick_params(axis="y", labelcolor=_SOFT)
        axes.set_xlabel(axis)
        axes.set_ylabel(counted)
        return figure

    return Plot(name, title, draw)


def scatter_plot(
    name: str, title: str, points: Sequence[tuple[float, float]], *, across: str, upward: str
) -> Plot:
    """Score on 0–100 against a count, a point each."""

    def draw() -> Figure:
        from matplotlib.ticker import MaxNLocator

        figure, axes = _axes(2.1)
        axes.plot(*zip(*points, strict=True), "o", color=_MARK, ms=4, alpha=1, mew=0, fillstyle="full")
        axes.set_ylim(0, 100)
        axes.set_xlim(0, max(x for x, _ in points) * 1.06)
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.grid(axis="y", color=_LINE, lw=0.6)
        axes.tick_params(axis="y", labelcolor=_SOFT)
        axes.set_xlabel(across)
        axes.set_ylabel(upward)
        return figure

    return Plot(name, title, draw)
