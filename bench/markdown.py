"""Lines on standard output, and tables of them in Markdown."""

import sys
from collections.abc import Mapping


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def head(*cells: str) -> None:
    """Print the head of a table: its first column is of names, the others of figures."""
    say("")
    row(*cells)
    row("---", *("---:" for _ in cells[1:]))


def row(*cells: str) -> None:
    """Print a row of a table."""
    say(f"| {' | '.join(cells)} |")


def show(figures: Mapping[str, Mapping[str, object]], title: str = "") -> None:
    """Print a table of figures.

    A row for each thing measured, a column for each candidate of the first one.
    """
    candidates = list(next(iter(figures.values())))
    head(title, *candidates)
    for what, reached in figures.items():
        row(what, *(str(reached.get(name, "")) for name in candidates))
