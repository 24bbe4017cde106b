"""How a figure looks: colours, markers, fonts and axes with units.

Colours are Okabe and Ito's, told apart with any colour vision; the marker says the same again. A
queue looks the same in every figure of a page.
"""

import math
import re

from matplotlib import rc_context, ticker

import units

INK = "#1d2430"
QUIET_INK = "#5c6675"
GRID = "#e3e7ec"
EDGE = "#aab2bd"
BAD, GOOD, DOUBT = "#b3261e", "#17693f", "#8a5a00"
# On fields of a heat map, which look the same in light and in dark.
ON_LIGHT, ON_DARK = "#11161d", "#fefefe"
POLICIES = ("spsc", "mpsc", "mpmc")
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# What becomes of a colour where the page is dark: see themed_css. Other colours stay as they are.
DARK = {
    "#ffffff": "#1b1f26", INK: "#e4e7ec", QUIET_INK: "#9aa4b2", GRID: "#2d333d", EDGE: "#4a5361",
    BAD: "#ff8a80", GOOD: "#6fcf97", DOUBT: "#f0b95a",
    "#0072b2": "#4da3e0", "#d55e00": "#ff8a3d", "#009e73": "#33c79c", "#cc79a7": "#e29fc6",
    "#e69f00": "#f2bf4a", "#56b4e9": "#a5dcff", "#000000": "#f4f4f4",
}
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
# Where a logarithmic axis has its ticks, by how far its ends lie apart.
_STEPS_BY_SPAN = ((3, (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9)),
                  (10, (1, 1.5, 2, 3, 4, 5, 7)), (1000, (1, 2, 5)), (math.inf, (1,)))
_DASHES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))

RC = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": EDGE,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": QUIET_INK,
    "ytick.color": QUIET_INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "ringside",
    "path.simplify": True,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
}


def rc():
    """The settings above, for the length of a with statement."""
    return rc_context(RC)


def themed(svg):
    """An SVG whose known colours follow the page: var(--c-…), with itself where nothing is said."""
    def variable(found):
        name = found.group(2).lower()
        return f"{found.group(1)}var(--c-{name[1:]},{name})" if name in DARK else found.group(0)

    return re.sub(r"((?:fill|stroke): )(#[0-9a-fA-F]{6})", variable, svg)


def themed_css():
    """What the variables are where the page is dark, on a screen."""
    values = " ".join(f"--c-{light[1:]}: {dark};" for light, dark in DARK.items())
    return f"@media screen and (prefers-color-scheme: dark) {{ .card svg {{ {values} }} }}\n"


def queue_order(queue):
    """Sort key: our policies in their order, then the others by name."""
    queue = str(queue)
    return (POLICIES.index(queue) if queue in POLICIES else len(POLICIES), queue)


def line_styles(all_cells, drawn_cells):
    """queue → keyword arguments for its line, in order, for the queues that are drawn.

    The policies always look the same; the others share out what is left by name, over all cells
    of the bundle, so that a queue looks the same in every figure.
    """
    others = sorted({str(cell.axes.get("queue")) for cell in all_cells} - set(POLICIES))
    drawn = {str(cell.axes.get("queue")) for cell in drawn_cells}
    return {queue: {"color": _COLOURS[place % len(_COLOURS)],
                    "marker": _MARKERS[place % len(_MARKERS)],
                    "linestyle": _DASHES[place // len(_COLOURS) % len(_DASHES)]}
            for place, queue in enumerate(list(POLICIES) + others) if queue in drawn}


def marker_styles(names):
    """name → keyword arguments for its markers; 49 of them differ in colour or in shape."""
    count = len(_COLOURS)
    return {name: {"color": _COLOURS[place % count],
                   "marker": _MARKERS[(place + place // count) % len(_MARKERS)],
                   "linestyle": "none", "markersize": 6}
            for place, name in enumerate(names)}


def set_duration_axis(axes, lowest_ns, highest_ns):
    """A logarithmic y axis in ns, µs, ms, s whose ends are round numbers."""
    lowest_ns = max(lowest_ns, 1)
    highest_ns = max(highest_ns, 1.2 * lowest_ns)  # equal ends are no axis
    steps = next(steps for limit, steps in _STEPS_BY_SPAN if highest_ns / lowest_ns <= limit)
    axes.set_yscale("log")
    axes.set_ylim(_round_down(lowest_ns, steps), _round_up(highest_ns, steps))
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=steps, numticks=30))
    axes.yaxis.set_minor_locator(ticker.NullLocator())
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda y, _: units.duration_tick(y)))


def set_ratio_axis(axes, lowest, highest):
    """A logarithmic y axis of multiples, with a tick at 1."""
    steps = next(steps for limit, steps in _STEPS_BY_SPAN if highest / lowest <= limit)
    axes.set_yscale("log")
    axes.set_ylim(lowest, highest)
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=steps, numticks=30))
    axes.yaxis.set_minor_locator(ticker.NullLocator())
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda y, _: f"{units.rate_tick(y)}×"))


def set_rate_axis(axes, lowest, highest):
    """A y axis in k, M, G per second: from zero, or logarithmic when the values lie far apart."""
    if lowest > 0 and highest / lowest > 30:
        axes.set_yscale("log")
        axes.set_ylim(_round_down(lowest * 0.9), _round_up(highest * 1.1))
        axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1,), numticks=12))
        axes.yaxis.set_minor_locator(ticker.LogLocator(subs=(2, 5), numticks=30))
        axes.yaxis.set_minor_formatter(ticker.NullFormatter())
    else:
        axes.set_ylim(0, highest * 1.1 if highest > 0 else 1)
        axes.yaxis.set_major_locator(ticker.MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda y, _: units.rate_tick(y)))


def set_percentile_axis(axes, highest_inverse):
    """A logarithmic x axis in 1/(1-p), labelled as percentiles: 0, 50, 90, 99, 99.9 …"""
    axes.set_xscale("log")
    axes.set_xlim(1, max(highest_inverse, 10) * 1.05)
    decades = range(0, math.floor(math.log10(max(highest_inverse, 10) * 1.05)) + 1)
    places = sorted([10.0**decade for decade in decades] + [2.0])
    axes.xaxis.set_major_locator(ticker.FixedLocator(places))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.xaxis.set_major_formatter(
        ticker.FuncFormatter(lambda x, _: units.percentile_text(1 - 1 / x)))


def _round_down(value, steps=(1, 2, 5)):
    """The next of the steps in any decade that is not above."""
    decade = 10.0 ** math.floor(math.log10(value))
    return max(step * decade for step in steps if step * decade <= value * (1 + 1e-9))


def _round_up(value, steps=(1, 2, 5)):
    """The next of the steps in any decade that is not below."""
    decade = 10.0 ** math.floor(math.log10(value))
    return min(step * decade for step in (*steps, 10) if step * decade >= value * (1 - 1e-9))
