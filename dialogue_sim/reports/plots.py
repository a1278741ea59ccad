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
from dialogue_sim.reports.figures import typeset

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT, LINE, MARK = "#1c1b19", "#5d5a54", "#d6d2c9", "#1f5c7a"
_INLINE = {INK: "var(--ink)", SOFT: "var(--soft)", LINE: "var(--line)", MARK: "var(--mark)"}
WIDTH_IN = 5.2
"""Width of every figure: narrow enough for its letters to be read on a phone."""
_SIZE_PT = 10.5
_FORMS = ("svg", "png")
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none", "font.size": _SIZE_PT, "axes.edgecolor": LINE, "axes.labelcolor": SOFT, "text.color": INK,
    "xtick.color": SOFT, "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False,
    "xtick.major.size": 3, "ytick.major.size": 0, "axes.axisbelow": True,
    "path.simplify": False,
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


def axes(height: float, names: Sequence[str] = (), asides: Sequence[str] = ()) -> tuple[Figure, Axes]:
    """Empty axes with room for the names at the left and for what stands at the right.

    The whole is equally wide whatever the names, so that all figures of a page have letters of one size.

    Args:
        height: of the figure, in inches.
    """
    figure = Figure(figsize=(WIDTH_IN, height))
    drawn = figure.add_subplot()
    drawn.spines["left"].set_visible(False)
    left = max((_breadth(line) for name in names for line in name.split("\n")), default=0.0) + 0.14
    right = max((_breadth(aside) for aside in asides), default=0.0) + 0.14
    figure.subplots_adjust(
        left=max(left, 0.5) / WIDTH_IN, right=1 - right / WIDTH_IN, bottom=0.42 / height, top=1
    )
    return figure, drawn


def _breadth(text: str) -> float:
    """About how wide a line of text is, in inches."""
    return sum(1.0 if ord(one) > 0x2E7F else 0.53 for one in text) * _SIZE_PT / 72


def wrapped(name: str, most: int = 26) -> str:
    """A name in at most two lines of about `most` Latin letters; what does not fit is left out."""
    lines: list[str] = [""]
    for piece in re.findall(r"[\u2e80-\uffff]|[^\s\u2e80-\uffff]{1,24}|\s+", name):
        if lines[-1] and _cells(lines[-1] + piece.rstrip()) > most:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    if len(lines) > 2:
        lines = [lines[0], lines[1].rstrip() + "…"]
    return "\n".join(line.rstrip() for line in lines)


def _cells(text: str) -> int:
    return sum(2 if ord(one) > 0x2E7F else 1 for one in text)


def row_height(names: Sequence[str]) -> float:
    """Height of a line of a plot, in inches: more where a name takes two."""
    return 0.38 if any("\n" in name for name in names) else 0.25


def name_rows(drawn: Axes, names: Sequence[str]) -> None:
    """Write the names of the rows, from the top down."""
    drawn.set_ylim(len(names) - 0.4, -0.6)
    drawn.set_yticks(range(len(names)), list(names))
    for text in drawn.get_yticklabels():
        text.set_linespacing(1.05)


def interval_plot(
    name: str, title: str, rows: Sequence[Row], *, scale: tuple[float, float] = (0, 100), axis: str = ""
) -> Plot:
    """Values with their intervals, a line each, from the top down. A zero within the scale is marked."""

    def draw() -> Figure:
        names = [wrapped(row.name) for row in rows]
        figure, drawn = axes(0.45 + row_height(names) * len(rows), names, [row.aside for row in rows])
        low, high = scale
        for place, row in enumerate(rows):
            if row.value is None:
                continue
            if row.bounds:
                drawn.plot(row.bounds, (place, place), color=MARK, lw=1.4, solid_capstyle="butt", alpha=1)
            drawn.plot([row.value], [place], "o", color=MARK, ms=5.5 if row.strong else 4)
            drawn.annotate(
                typeset(row.aside), (1.02, place), xycoords=("axes fraction", "data"), va="center", color=SOFT,
                annotation_clip=False,
            )  # fmt: skip
        if low < 0 < high:
            drawn.axvline(0, color=SOFT, lw=0.8)
        drawn.set_xlim(low, high)
        name_rows(drawn, names)
        for text, row in zip(drawn.get_yticklabels(), rows, strict=True):
            text.set_color(SOFT if row.value is None else INK)
            text.set_fontweight("bold" if row.strong else "normal")
        drawn.grid(axis="x", color=LINE, lw=0.6)
        drawn.set_xlabel(axis)
        return figure

    return Plot(name, title, draw)


def histogram_plot(name: str, title: str, values: Sequence[float], *, axis: str, counted: str) -> Plot:
    """How scores on 0–100 are spread, in steps of five, each value a tick on the axis."""

    def draw() -> Figure:
        from matplotlib.ticker import MaxNLocator

        figure, drawn = axes(2.1)
        drawn.hist(values, bins=list(range(0, 101, 5)), color=MARK, rwidth=0.9)
        drawn.plot(values, [0] * len(values), "|", color=INK, ms=7, mew=0.7, clip_on=False)
        drawn.set_xlim(0, 100)
        drawn.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        drawn.grid(axis="y", color=LINE, lw=0.6)
        drawn.tick_params(axis="y", labelcolor=SOFT)
        drawn.set_xlabel(axis)
        drawn.set_ylabel(counted)
        return figure

    return Plot(name, title, draw)


def scatter_plot(
    name: str, title: str, points: Sequence[tuple[float, float]], *, across: str, upward: str
) -> Plot:
    """Score on 0–100 against a count, a point each."""

    def draw() -> Figure:
        from matplotlib.ticker import MaxNLocator

        figure, drawn = axes(2.1)
        drawn.plot(*zip(*points, strict=True), "o", color=MARK, ms=4, alpha=1, mew=0, fillstyle="full")
        drawn.set_ylim(0, 100)
        drawn.set_xlim(0, max(x for x, _ in points) * 1.06)
        drawn.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        drawn.grid(axis="y", color=LINE, lw=0.6)
        drawn.tick_params(axis="y", labelcolor=SOFT)
        drawn.set_xlabel(across)
        drawn.set_ylabel(upward)
        return figure

    return Plot(name, title, draw)
