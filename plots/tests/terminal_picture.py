"""What a terminal shows, as an SVG: python3 -m tests.terminal_picture COMMAND < TEXT > SVG, from
plots/. COMMAND is shown as the line that was typed. Colours are those of the text's own escapes.
"""

import html
import re
import sys

MAX_LINES = 60
_SIZE, _LINE, _CHARACTER, _MARGIN = 13, 18, 7.83, 18  # pixels
_PAPER, _INK, _QUIET = "#14171c", "#e4e7ec", "#9aa4b2"
_COLOURS = {31: "#ff8a80", 32: "#6fcf97", 33: "#f0b95a", 34: "#7db7f5", 35: "#e29fc6",
            36: "#7fd6d6", 90: _QUIET, 91: "#ff8a80", 92: "#6fcf97", 93: "#f0b95a",
            94: "#7db7f5", 95: "#e29fc6", 96: "#7fd6d6"}
_ESCAPE = re.compile(r"\x1b\[([\d;]*)m")


def picture(command, text):
    """The SVG of the first MAX_LINES lines."""
    lines = text.expandtabs().rstrip("\n").split("\n")
    shown = [f"\x1b[32m$\x1b[0m {command}", ""] + lines[:MAX_LINES]
    if len(lines) > MAX_LINES:
        shown.append(f"\x1b[90m… {len(lines) - MAX_LINES} more lines\x1b[0m")
    columns = max(len(_ESCAPE.sub("", line)) for line in shown)
    width = round(2 * _MARGIN + columns * _CHARACTER)
    height = 2 * _MARGIN + _LINE * len(shown)
    body = "\n".join(_line(line, place) for place, line in enumerate(shown))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(command)}">\n'
            f'<rect width="100%" height="100%" rx="8" fill="{_PAPER}"/>\n'
            f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', '
            f'monospace" font-size="{_SIZE}" fill="{_INK}" xml:space="preserve">\n'
            f"{body}\n</g>\n</svg>\n")


def _line(line, place):
    y = _MARGIN + _LINE * place + _SIZE
    pieces = "".join(f"<tspan{style}>{html.escape(piece)}</tspan>" if style else html.escape(piece)
                     for style, piece in _pieces(line))
    columns = len(_ESCAPE.sub("", line))
    # The length is said, so that columns stay below each other whatever the font.
    length = f' textLength="{columns * _CHARACTER:.1f}"' if columns else ""
    return f'<text x="{_MARGIN}" y="{y}"{length} xml:space="preserve">{pieces}</text>'


def _pieces(line):
    """(attributes, text) between the escapes."""
    codes, position = set(), 0
    for found in _ESCAPE.finditer(line):
        if found.start() > position:
            yield _style(codes), line[position:found.start()]
        position = found.end()
        for code in (int(one or 0) for one in found.group(1).split(";")):
            codes = set() if code == 0 else codes | {code}
    if position < len(line):
        yield _style(codes), line[position:]


def _style(codes):
    fill = next((_COLOURS[code] for code in codes if code in _COLOURS),
                _QUIET if 2 in codes else None)
    return (f' fill="{fill}"' if fill else "") + (' font-weight="bold"' if 1 in codes else "")


if __name__ == "__main__":
    print(picture(sys.argv[1], sys.stdin.read()), end="")
