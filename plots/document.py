"""A page as one self-contained file: its frame, and how it and its figures are written.

No part of it comes from a network: the policy in its first lines forbids it to the browser as well.
"""

import io
import os
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import palette
from html_text import esc

PNG_DOTS_PER_INCH = 144
_SCRIPTS = ("sort_table.js", "filter_table.js")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def markup(title, body):
    """The whole file around the markup of a body."""
    here = Path(__file__).parent
    style = (here / "page.css").read_text(encoding="utf-8") + palette.themed_css()
    script = "".join((here / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{esc(_POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{esc(title)} · Ringside</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n<script>\n{script}</script>\n</body>\n</html>\n")


def now_utc():
    """The time of making; SOURCE_DATE_EPOCH sets it, so that a page can be made again exactly."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    when = datetime.fromtimestamp(int(epoch), timezone.utc) if epoch.isdigit() \
        else datetime.now(timezone.utc)
    return when.strftime("%Y-%m-%d %H:%M:%S UTC")


def rendered(picture, kind, title):
    """The bytes of a picture; no date in it, so that equal data make equal files."""
    metadata = {"Title": title, "Date": None, "Creator": None} if kind == "svg" else {}
    with palette.rc(), io.BytesIO() as stream:
        picture.savefig(stream, format=kind, dpi=PNG_DOTS_PER_INCH, metadata=metadata)
        return stream.getvalue()


def replace(target, data):
    """Writes under a temporary name and renames: a reader never sees half a file."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise
