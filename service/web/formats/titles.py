"""Lines above the header of delimited text: a title, the date of a report, comments."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

MAX_TITLES: Final = 10
MIN_ROWS: Final = 3
COMMENT: Final = "#"
MISSING: Final = frozenset({"-", "?", "n/a", "na", "nan", "null", "none", "nil", "unknown"})

_NO_LETTERS = re.compile(r"[\W\d_]+")
_DIGIT = re.compile(r"[0-9]")

Record = Sequence[str]


def count_titles(rows: Sequence[Record]) -> int:
    """Count the rows above the header.

    A row is one of them if another below looks like the header of all that follows, and this row
    does not: it is a comment, it has a single cell, or other cells than headers, such as a date or
    none.

    Parameters
    ----------
    rows
        The first rows of a text, split by its delimiter.

    Returns
    -------
    int
        0 unless all these rows are titles, and the next one is a header.
    """
    for n in range(1, min(MAX_TITLES + 1, len(rows) - 1)):
        header, below = rows[n], rows[n + 1 :]
        if _most_common_width(below) != len(header) or not _may_be_header(header):
            continue
        titles = rows[:n]
        if all(_is_title(title, len(header)) for title in titles):
            return n
        if not any(map(_may_be_header_or_index, titles)) and _differs_from_data(header, below):
            return n
    return 0


def starts_with_single_cell(rows: Sequence[Record]) -> bool:
    """Check for a single cell above rows that all have as many others, as no header has it."""
    widths = {len(row) for row in rows[1:]}
    return len(rows) >= MIN_ROWS and len(rows[0]) == 1 and len(widths) == 1 and widths != {1}


def _most_common_width(rows: Sequence[Record]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0] if rows else 0


def _is_title(title: Record, width: int) -> bool:
    """Check for a title of one cell, or a comment that is not split as the header is."""
    is_comment = title[0].lstrip().startswith(COMMENT)
    return len(title) != width and (len(title) == 1 or is_comment)


def _may_be_header(row: Record) -> bool:
    """Check for at least two different cells of words, none after a space as in a sentence."""
    texts = [cell.strip().casefold() for cell in row]
    are_words = not any(
        not text or text in MISSING or _NO_LETTERS.fullmatch(text) for text in texts
    )
    return (
        are_words
        and 1 < len(texts) == len(set(texts))
        and not any(cell.startswith(" ") for cell in row[1:])
    )


def _may_be_header_or_index(row: Record) -> bool:
    """Check like `_may_be_header`, but allow a first column without a name, the row index."""
    return len(row) > 1 and _may_be_header(row if row[0].strip() else ["index", *row[1:]])


def _differs_from_data(header: Record, below: Sequence[Record]) -> bool:
    """Check that the cells below have digits in some column, and the header's in none of these."""
    columns = [
        [row[at] for row in below if len(row) > at and row[at].strip()] for at in range(len(header))
    ]
    digits = [at for at, cells in enumerate(columns) if cells and all(map(_DIGIT.search, cells))]
    return bool(digits) and not any(_DIGIT.search(header[at]) for at in digits)
