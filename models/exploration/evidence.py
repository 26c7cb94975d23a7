"""What the cells of a column are, before it is decided what the column is."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.exploration.arrow import Reading, categories, mask, numbers, plain_numbers
from models.exploration.distinct import Distinct
from models.exploration.markers import Markers
from models.exploration.marks import doubt_plain, find_numerals
from models.exploration.sentinels import are_suspect


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A column whose every known cell is a number, and how they are written."""

    name: str
    values: pa.Array
    numerals: str | None = None
    newest: str | None = None
    doubt: str | None = None

    @property
    def n_rows(self) -> int:
        """How many rows the column has."""
        return len(self.values)

    @property
    def missing(self) -> int:
        """How many cells are missing."""
        return int(self.values.null_count)

    @cached_property
    def known(self) -> npt.NDArray[np.float64]:
        """The known numbers in ascending order."""
        return np.sort(self.values.drop_null().to_numpy())

    @cached_property
    def distinct(self) -> int:
        """How many different numbers there are."""
        return int(np.count_nonzero(np.diff(self.known))) + bool(self.known.size)

    @property
    def are_flags(self) -> bool:
        """Whether there is nothing but 0 and 1."""
        return bool(np.isin(self.known[[0, -1]], [0.0, 1.0]).all()) and self.distinct <= 2  # noqa: PLR2004 - 0 and 1


@dataclass(frozen=True, kw_only=True)
class Texts:
    """A column of which not every known cell is a number, or that is not taken for one."""

    name: str
    cells: Distinct
    texts: Reading
    as_numbers: Reading

    @property
    def n_rows(self) -> int:
        """How many rows the column has."""
        return self.cells.n_rows

    @cached_property
    def counts(self) -> npt.NDArray[np.intp]:
        """How many rows each distinct cell has; 0 for one that is missing."""
        return self.cells.counts() * mask(self.texts.values.is_valid())

    @property
    def n_known(self) -> int:
        """How many cells are known."""
        return int(self.counts.sum())

    @property
    def missing(self) -> int:
        """How many cells are missing."""
        return self.n_rows - self.n_known

    @cached_property
    def distinct(self) -> int:
        """How many different texts there are."""
        return int(pc.count_distinct(self.texts.values).as_py())

    def n_read(self, reading: Reading) -> int:
        """Count the cells that were read as what was looked for."""
        return int(self.counts[mask(reading.values.is_valid())].sum())

    @cached_property
    def n_suspect(self) -> int:
        """How many cells are words that usually stand for a missing value."""
        return int(self.counts[are_suspect(self.texts.values)].sum())


def weigh(column: pa.ChunkedArray, name: str, markers: Markers) -> Numbers | Texts:
    """Read a raw column as numbers, if all of it can be, and as texts otherwise."""
    plain = plain_numbers(column)
    if plain is not None:
        return Numbers(name=name, values=markers.clear_numbers(plain), doubt=doubt_plain(column))
    found = markers.clear(Distinct.of(column))
    as_numbers = numbers(found.values)
    style = find_numerals(found.values) if as_numbers.wrong.any() and _is_text(found) else None
    if style is not None:
        as_numbers = style.numerals.read(found.values)
    if as_numbers.wrong.any():
        return Texts(name=name, cells=found, texts=categories(found.values), as_numbers=as_numbers)
    values = markers.clear_numbers(found.spread(as_numbers.values))
    return Numbers(name=name, values=values, numerals=style and style.numerals.example, doubt=style and style.doubt)


def weigh_texts(column: pa.ChunkedArray, name: str, markers: Markers) -> Texts:
    """Read a raw column as texts, even if all of it is numbers."""
    found = markers.clear(Distinct.of(column))
    return Texts(name=name, cells=found, texts=categories(found.values), as_numbers=numbers(found.values))


def _is_text(found: Distinct) -> bool:
    return bool(pa.types.is_string(found.values.type))
