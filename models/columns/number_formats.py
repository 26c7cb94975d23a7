"""Number formats: decimal commas, grouped thousands, percents, currencies, accounting negatives."""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.columns.cell_arrays import SPACE, Mask, ParsedCells, mask, numbers

_SPACES: Final = r" \x{a0}\x{2007}\x{2009}\x{202f}"
_QUOTES: Final = r"'\x{2019}"
PLAIN: Final = "1234.56"
SAMPLE: Final = 1000
MARKS: Final = {",": ",", ".": r"\.", " ": f"[{_SPACES}]", "'": f"[{_QUOTES}]"}

_CODES: Final = (
    "AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KRW|MXN|MYR|NGN|NOK|NZD|"
    "PEN|PHP|PKR|PLN|RON|RSD|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR|kr|zł|Kč|Ft|Fr"
)
# Currencies in words (rubles in Cyrillic letters), multiples, and units, after a number only.
_WORDS: Final = (
    r"円|元|원|\x{440}\x{443}\x{431}\.?|\x{440}\.|Rs\.?|Euros?|k|K|M|Mio\.?|kg|g|mg|lbs?|oz|km|mi|cm|"
    "mm|m|kWh|KB|MB|GB|TB|h|hrs?|hours?|mins?|secs?|s|days?|weeks?|months?|years?|yrs?|Std|Tage?|"
    "Wochen?|Monate?|Jahre?|Stück|Stk|pcs|pts|jours?|mois|ans?|días?|mes|meses|años?"
)
_UNIT: Final = rf"(?:%|(?:US|CA|AU|NZ|HK|[ACRS])?\p{{Sc}}|(?:{_CODES}))?"
_NUMBER: Final = rf"[.,]?[0-9](?:[0-9.,{_QUOTES}{_SPACES}]*[0-9])?[.,]?"
_CELL: Final = (
    rf"^{SPACE}*(?P<sign>[-+\x{{2212}}(]?){SPACE}*(?P<before>{_UNIT}){SPACE}*(?P<inner>[-+\x{{2212}}(]?){SPACE}*"
    rf"(?P<number>{_NUMBER})(?P<exponent>(?:[eE][+-]?[0-9]+)?)"
    rf"{SPACE}*(?P<end>[-)]?){SPACE}*(?P<after>{_UNIT}){SPACE}*(?P<last>[-)]?){SPACE}*$"
)
# Matching takes half as long again as that of cells without words.
_WORDED_CELL: Final = _CELL.replace(f"(?P<after>{_UNIT})", f"(?P<after>{_UNIT}|{_WORDS})")
_WORDED: Final = rf"[0-9][.,]?{SPACE}*(?:{_WORDS}){SPACE}*$"
_SIGNS: Final = ("", "+", "-", "\u2212", "()")
_NEGATIVE: Final = ("-", "\u2212", "()")
_EXAMPLE = re.compile(r"1([,. ']?)234([.,])56(?: (.+))?")


class Parts(NamedTuple):
    """The regex groups of a cell; all null if it is not a number in any format."""

    number: pa.Array
    exponent: pa.Array
    negative: pa.Array
    unit: pa.Array


@dataclass(frozen=True, kw_only=True)
class NumberFormat:
    """A number format: thousands separator, decimal mark and optional unit.

    Negative numbers have a leading or trailing minus, or parentheses; the unit may lead, trail or
    be absent.
    """

    group: str
    decimal: str
    unit: str = ""

    @classmethod
    def parse(cls, example: str) -> Self:
        """Parse a format from its example, such as ``1.234,56 €``."""
        parts = _EXAMPLE.fullmatch(example)
        if parts is None:
            raise ValueError("numerals are written like 1.234,56, with a unit or without")
        return cls(group=parts[1], decimal=parts[2], unit=parts[3] or "")

    @property
    def example(self) -> str:
        """The number 1234.56 in this format."""
        return f"1{self.group}234{self.decimal}56 {self.unit}".rstrip()

    @property
    def alternative(self) -> "NumberFormat":
        """The other format of an ambiguous column.

        Its separator for decimals instead of thousands, or vice versa.
        """
        if self.group:
            return NumberFormat(group="", decimal=self.group, unit=self.unit)
        return NumberFormat(
            group=self.decimal, decimal="," if self.decimal == "." else ".", unit=self.unit
        )

    def read(self, values: pa.Array) -> ParsedCells:
        """Parse cells in this format.

        Parameters
        ----------
        values
            Text; int64 and float64 are only converted.

        Returns
        -------
        ParsedCells
            The numbers as float64 (``45 %`` is 45); null where a cell is missing or invalid.
        """
        if not pa.types.is_string(values.type):
            return numbers(values)
        parts = split_cells(values, self.unit)
        fits = mask(pc.is_in(parts.unit, pa.array(["", self.unit]))) & matches(
            parts.number, self._pattern
        )
        read = pc.if_else(pa.array(fits), self._value(parts, fits), None)
        blank = mask(pc.match_substring_regex(values, f"^{SPACE}*$"))
        return ParsedCells(read, mask(values.is_valid()) & ~blank & ~mask(read.is_valid()))

    def mark(self, written: pa.Array) -> Mask:
        """Mark the numbers that match this format."""
        return matches(written, self._pattern)

    def fits(self, written: pa.Array) -> bool:
        """Check whether every number matches this format."""
        return bool(self.mark(written).all())

    @property
    def _pattern(self) -> str:
        decimal = MARKS[self.decimal]
        return rf"^(?:(?:[0-9]+{_grouped(self.group)})(?:{decimal}[0-9]*)?|{decimal}[0-9]+)$"

    def _value(self, parts: Parts, fits: Mask) -> pa.Array:
        digits = pc.if_else(pa.array(fits), parts.number, None)
        if self.group:
            digits = pc.replace_substring_regex(digits, MARKS[self.group], "")
        digits = pc.replace_substring(digits, self.decimal, ".")
        value = pc.binary_join_element_wise(digits, parts.exponent, "").cast(pa.float64())
        finite = pc.if_else(pc.is_finite(value), value, None)
        return pc.if_else(parts.negative, pc.negate(finite), finite)


def mark_numbers(values: pa.Array) -> Mask:
    """Mark the texts that are numbers, each in a format and a unit of its own."""
    written = split_cells(values).number
    return np.asarray(np.any([style.mark(written) for style in _STYLES], axis=0))


def split_cells(values: pa.Array, unit: str | None = None) -> Parts:
    """Split texts into the parts of a number in any format.

    Units in words are parsed if `unit` is one or, without it, if one of the first texts has one.
    """
    sample = values[:SAMPLE] if unit is None else pa.array([f"1 {unit}"])
    found = pc.extract_regex(values, _WORDED_CELL if matches(sample, _WORDED).any() else _CELL)
    field = {
        name: pc.struct_field(found, name) for name in ("number", "exponent", "before", "after")
    }
    signs = pc.binary_join_element_wise(
        *(pc.struct_field(found, part) for part in ("sign", "inner", "end", "last")), ""
    )
    units = pc.binary_join_element_wise(field["before"], field["after"], "")
    sound = pc.is_in(signs, pa.array(_SIGNS))
    number = pc.if_else(sound, field["number"], None)
    return Parts(
        number,
        field["exponent"],
        pc.is_in(signs, pa.array(_NEGATIVE)),
        pc.if_else(sound, units, None),
    )


def _grouped(group: str) -> str:
    """Return the pattern of grouped thousands; with commas also lakhs and crores (12,34,567)."""
    if not group:
        return ""
    mark = MARKS[group]
    indian = rf"|[1-9][0-9]?(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}" if group == "," else ""
    return rf"|[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+{indian}"


_STYLES: Final = tuple(
    NumberFormat(group=group, decimal=decimal)
    for group in ",. '"
    for decimal in ",."
    if group != decimal
)


def matches(texts: pa.Array, pattern: str) -> Mask:
    """Mark the texts that match a pattern; null is False."""
    return mask(pc.match_substring_regex(texts, pattern))
