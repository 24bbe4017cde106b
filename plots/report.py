"""Writes the figures and report.html of a bundle: report.py BUNDLE_DIR [--png].

This file is a table of contents; it prints the path of the page on stdout. Exit code 2, and one
line on stderr, when the bundle cannot be read or the page cannot be written.
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import bundle as bundles
import document
import earlier_runs
import figures
import page

EXIT_BAD_BUNDLE = 2


class Drawing(NamedTuple):
    """One figure module, drawn; svg is empty where it had nothing to draw."""

    name: str
    question: str
    notes: list
    svg: str


def main(arguments=None):
    """The exit code."""
    options = _parse(arguments)
    try:
        print(write_report(options.bundle, options.png))
        return 0
    except bundles.BundleError as error:
        print(f"report.py: {_one_line(error)}", file=sys.stderr)
    except OSError as error:
        print(f"report.py: {error.filename or options.bundle}: cannot be written "
              f"({error.strerror}); check the permissions and the space left", file=sys.stderr)
    return EXIT_BAD_BUNDLE


def write_report(folder, png=False):
    """Draws all figures, writes them and the page into the folder; the path of the page."""
    bundle = bundles.load(folder)
    drawings = [draw(name, module, bundle, png) for name, module in figures.find_all().items()]
    target = bundle.path / "report.html"
    markup = page.markup(bundle, drawings, draw_earlier(bundle))
    document.replace(target, markup.encode("utf-8"))
    return Path(folder) / "report.html"


def draw(name, module, bundle, png):
    """Draws one figure and writes its file; a file of an earlier report does not stay behind."""
    picture = module.draw(bundle)
    folder = bundle.path / "figures"
    if picture is None:
        for ending in ("svg", "png"):
            (folder / f"{name}.{ending}").unlink(missing_ok=True)
        return Drawing(name, module.QUESTION, list(module.notes), "")
    folder.mkdir(exist_ok=True)
    svg = document.rendered(picture, "svg", module.QUESTION)
    document.replace(folder / f"{name}.svg", svg)
    if png:
        document.replace(folder / f"{name}.png", document.rendered(picture, "png", module.QUESTION))
    return Drawing(name, module.QUESTION, list(module.notes), svg.decode("utf-8"))


def draw_earlier(bundle):
    """(drawings of earlier runs of the suite here, a sentence on what there is of them)."""
    earlier = earlier_runs.of_bundle(bundle)
    return [Drawing(one.name, one.title, one.notes,
                    document.rendered(one.figure, "svg", one.title).decode("utf-8"))
            for one in earlier.pictures], earlier.text


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="report.py", description="Writes figures/*.svg and report.html into a bundle.")
    parser.add_argument("bundle", metavar="BUNDLE_DIR", help="folder written by 'ringside run'")
    parser.add_argument("--png", action="store_true", help="write the figures as PNG as well")
    return parser.parse_args(arguments)


def _one_line(error):
    return " ".join(str(error).split())


if __name__ == "__main__":
    sys.exit(main())
