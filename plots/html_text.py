"""HTML made of escaped pieces: the only place where text becomes markup.

Everything that comes from a bundle passes through esc; a function here returns markup that is safe
to join.
"""

import html
import re

import palette
import units

MAX_DEPTH = 8
_PIXELS_PER_POINT = 1.45  # a figure is drawn a little larger than its letters ask for, never more


def esc(value):
    """Text, safe inside an element and inside a quoted attribute."""
    return html.escape(str(value), quote=True)


def element(name, content, /, **attributes):
    """<name …>content</name>; content is markup, attribute values are escaped here."""
    shown = "".join(f' {key.rstrip("_").replace("_", "-")}="{esc(value)}"'
                    for key, value in attributes.items() if value is not None)
    return f"<{name}{shown}>{content}</{name}>"


def section(name, title, content):
    """A titled part of the page, reachable as #name."""
    return element("section", f"<h2>{esc(title)}</h2>\n{content}", id=name)


def paragraph(text, class_=None):
    return element("p", esc(text), class_=class_)


def tile(title, count, kind):
    """A number to take in at a glance; kind is a status, or empty."""
    text = units.rate_text(count) if count >= 1e6 else units.count_text(count)
    number = element("dd", esc(text), title=units.count_text(count))
    return element("div", element("dt", esc(title)) + number, class_=f"tile {kind}".strip())


def figure(name, title, svg, notes):
    """A drawing with its caption, reachable as #name."""
    picture = element("div", inline_svg(svg, name, title), class_="card", id=name, tabindex="0")
    caption = element("figcaption", esc(" ".join(notes)))
    return element("figure", element("h3", esc(title)) + picture + caption)


def rows_table(headings, rows, class_="plain"):
    """A plain table of markup cells, in a container that scrolls on its own."""
    heading_row = "".join(element("th", esc(heading), scope="col") for heading in headings)
    body = "\n".join(element("tr", "".join(element("td", cell) for cell in row)) for row in rows)
    content = f"<thead><tr>{heading_row}</tr></thead><tbody>{body}</tbody>"
    table = element("table", content, class_=class_)
    return element("div", table, class_="scroll", tabindex="0")


def value_markup(value, depth=0):
    """Any JSON value: objects and lists of objects as tables, the rest as text."""
    if depth > MAX_DEPTH:
        return esc("…")
    if isinstance(value, dict):
        return _object_markup(value, depth) if value else esc("none")
    if isinstance(value, list):
        if any(isinstance(one, (dict, list)) for one in value):
            return _list_markup(value, depth)
        return esc(", ".join(units.plain_text(one) for one in value) or "none")
    if isinstance(value, str) and not value:
        return esc("(empty)")
    return element("span", esc(units.plain_text(value)), class_="value")


def _object_markup(value, depth):
    rows = "".join(
        element("tr", element("th", esc(spaced(key)), scope="row") +
                element("td", value_markup(one, depth + 1)))
        for key, one in value.items())
    return element("table", f"<tbody>{rows}</tbody>", class_="facts")


def _list_markup(value, depth):
    """Objects with the same keys share one table with a heading; anything else is a list."""
    keys = list(value[0]) if isinstance(value[0], dict) else []
    if keys and all(isinstance(one, dict) and list(one) == keys for one in value):
        rows = [[value_markup(one[key], depth + 1) for key in keys] for one in value]
        return rows_table([spaced(key) for key in keys], rows)
    return element("ul", "".join(element("li", value_markup(one, depth + 1)) for one in value))


def spaced(key):
    """A key as a heading: underscores become spaces."""
    return str(key).replace("_", " ")


def inline_svg(svg, name, label):
    """An SVG file as part of the page: without prolog and metadata, its ids made its own."""
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', svg)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    svg = palette.themed(svg)
    svg = svg.replace("<style type=\"text/css\">*{", f"<style>#{name} *{{")
    wide = re.match(r'<svg[^>]*? width="([\d.]+)pt"', svg)
    pixels = float(wide.group(1)) * _PIXELS_PER_POINT if wide else 1100
    return svg.replace("<svg", f'<svg role="img" aria-label="{esc(label)}" '
                       f'style="--natural: {pixels:.0f}px"', 1)
