"""Errors of segmentation; the docstring of each is its message, and the title of its problem."""

import inspect
from collections.abc import Iterable
from dataclasses import dataclass


class SegmentationError(Exception):
    """The customers could not be segmented."""

    def __str__(self) -> str:
        if message := super().__str__():
            return message
        kind = type(self)
        paragraph = (inspect.getdoc(kind) or kind.__name__).split("\n\n", maxsplit=1)[0]
        return " ".join(paragraph.split())


@dataclass(frozen=True, kw_only=True, slots=True)
class CellError:
    """A cell that cannot be parsed; rows count from 1."""

    row: int
    column: str
    detail: str


class UnknownColumn(SegmentationError):
    """The table has no column of this name."""


class BadCells(SegmentationError):
    """Some cells cannot be parsed as the kind of their column; `errors` lists the first hundred."""

    def __init__(self, message: str, *, cells: Iterable[CellError]) -> None:
        super().__init__(message)
        self.cells = tuple(cells)


class MissingCustomerId(BadCells):
    """Some rows have no customer id."""


class DuplicateCustomers(BadCells):
    """Some rows repeat the customer id of an earlier row."""


class TooFewCustomers(SegmentationError):
    """There are fewer distinct customers than requested segments."""


class TooFewToChoose(SegmentationError):
    """There are too few customers to recommend a number of segments."""


class TooManyCustomers(SegmentationError):
    """There are too many customers; the detail names the limit and an alternative."""


class UnusableColumn(SegmentationError):
    """A column cannot be used as the requested feature."""


class ValueOutOfRange(SegmentationError):
    """A column holds a number too large to compute with."""


class NothingToLearnFrom(SegmentationError):
    """There is no feature, or no customer with a known feature, to learn segments from."""


class UnclearCut(SegmentationError):
    """Exactly one of k and, for hierarchical clustering, the distance of the cut is required."""


class CutTooFine(SegmentationError):
    """The tree is not kept as fine as this cut; fit the model again with as many segments."""


class ArtifactFromAnotherRelease(SegmentationError):
    """The model file was written by another release of its libraries; fit the model again."""
