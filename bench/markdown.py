"""Lines on standard output, and tables of them in Markdown."""

import sys


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
