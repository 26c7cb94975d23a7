"""The measured sections of docs/benchmarks.md.

A run replaces them; the words around them are written by hand.
"""

from pathlib import Path
from typing import Final

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def replace_section(part: str, measured: str, document: Path = DOCUMENT) -> None:
    """Put what a part has measured in the place of what it measured before."""
    text = document.read_text()
    begin, end = f"<!-- measured: {part} -->\n", f"<!-- end of {part} -->\n"
    before, begun, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended:
        raise ValueError(f"{document.name} has no section for {part}")
    document.write_text(f"{before}{begin}{measured.strip()}\n{end}{after}")
