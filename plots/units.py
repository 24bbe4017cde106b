"""Numbers as a reader wants them: three digits and a unit that fits.

Turns numbers into text and nothing else; no text made here is ever read back.
"""

import math

NONE = "–"
_DURATIONS = ((1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s"))
_SCALES = ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T"))
_PLAIN_AXES = ("shape", "placement", "workload", "queue", "scenario", "metric")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_BINARY = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def duration_text(ns):
    """1523 → '1.52 µs'."""
    return _scaled(ns, _DURATIONS)


def rate_text(per_second):
    """61e6 → '61.0 M'; the axis or column says of what."""
    return _scaled(per_second, _SCALES)


def multiple_text(times):
    """2.54 → '2.5', 614400 → '614 k'."""
    return f"{times:.1f}" if times < 99.95 else rate_text(times)


def duration_tick(ns):
    """As duration_text, without the zeros that a round number does not need: '1 µs'."""
    return _scaled(ns, _DURATIONS, "g")


def rate_tick(per_second):
    """As rate_text, without the zeros that a round number does not need: '20 M'."""
    return _scaled(per_second, _SCALES, "g")


def bytes_text(size):
    """64 → '64 B', 2097152 → '2 MiB'; exact, so an odd size stays in bytes."""
    for factor, unit in _BINARY:
        if size >= factor and size % factor == 0:
            return f"{size // factor} {unit}"
    return f"{size} B" if size < 100_000 else f"{count_text(size)} B"


def range_text(low, high, between="–"):
    """('119 ns', '124 ns') → '119–124 ns'; the unit stands twice only where it differs."""
    number, _, unit = low.partition(" ")
    first = number if unit and high.endswith(" " + unit) else low
    return f"{first}{between}{high}"


def count_text(count):
    """1234567 → '1,234,567'; a rate of 10000.0 is '10,000'."""
    return f"{int(count) if int(count) == count else count:,}"


def plural(count, noun, many=None):
    """(1, 'cell') → '1 cell'; (2, 'cell') → '2 cells'; (2, 'entry', 'entries') → '2 entries'."""
    return f"{count_text(count)} {noun if count == 1 else many or noun + 's'}"


def percentile_text(fraction):
    """0.999 → '99.9'."""
    return f"{100 * fraction:.10g}"


def metric_text(metric, value):
    """('rtt_ns_p50', 1523) → '1.52 µs'; a rate says '/s'."""
    if "_ns" in metric:
        return duration_text(value)
    return f"{rate_text(value)}/s" if "per_s" in metric else f"{value:.3g}"


def signed_text(number, unit="%"):
    """(-7.25, '%') → '-7.2 %', (1447.4, '%') → '+1447 %'; what rounds to nothing has no sign."""
    text = f"{number:+.{0 if abs(number) >= 99.95 else 1}f}"
    return f"{text[1:] if float(text) == 0 else text} {unit}"


def probability_text(p):
    """0.00042 → '4·10⁻⁴'; what is smaller than anybody can mean is '< 10⁻⁹'."""
    if p < 1e-9:
        return "< 10⁻⁹"
    digit, exponent = f"{p:.0e}".split("e")
    if int(exponent) >= -2:
        return f"{p:.2g}"
    return f"{digit}·10⁻{str(-int(exponent)).translate(_SUPERSCRIPTS)}"


def axis_text(axis, value):
    """One axis value as a reader names it: '64 B', 'capacity 144', 'same_l3'."""
    if axis == "element_size_bytes" and isinstance(value, int):
        return bytes_text(value)
    if axis == "rate_per_s" and isinstance(value, (int, float)):
        return f"{rate_tick(value)} messages/s"
    if axis in _PLAIN_AXES and value is not None:
        return str(value)
    return f"{axis} {plain_text(value)}"


def plain_text(value):
    """null, true and false in words, everything else as it is."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _scaled(value, scales, style="3"):
    """The value in the largest unit in which it is at least 1."""
    factor, unit = scales[0]
    for larger, name in scales[1:]:
        if abs(value) >= 0.9995 * larger:
            factor, unit = larger, name
    number = value / factor
    text = f"{number:.4g}" if style == "g" else _three_digits(number, factor == scales[0][0])
    return f"{text} {unit}".rstrip()


def _three_digits(number, whole_allowed):
    """Three significant digits, never an exponent; a whole number of base units as it is."""
    if number == 0 or (whole_allowed and float(number).is_integer()):
        return f"{number:.0f}"
    decimals = 2 - math.floor(math.log10(abs(number)) + 1e-4)
    return f"{number:.{min(max(decimals, 0), 6)}f}"
