"""Parsing of order numbers: rows that are lines of one order, and lines of cancelled invoices."""

import re
import unicodedata
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models import cells
from models.columns.cell_arrays import Mask, identifiers, mask, without_zero_fractions
from models.columns.cell_errors import errors_by_rule
from models.columns.distinct import DistinctCells
from models.transactions.fields import Field, collect_errors

KEY_BYTES: Final = 8  # of a hash, so that ledgers hold no order numbers
MIN_DIGIT_SHARE: Final = 0.9
# An order belongs to one customer; a column of types or shops repeats among many customers.
MAX_CUSTOMERS_PER_ORDER: Final = 1.1

_CANCELLED: Final = "^[Cc][0-9]+$"
_DIGITS: Final = "^[0-9]+$"
_NUMBER_WORD: Final = re.compile(
    "^(?:id|numero|number|numer|num|no|nr)(?:d[aeio]|of)?|(?:id|numero|number|nummer|numer|num|no|nr|key|code)$"
)
_ORDER_WORDS: Final = {
    *(
        "invoice",
        "order",
        "salesorder",
        "transaction",
        "trans",
        "txn",
        "receipt",
        "basket",
        "bill",
        "cart",
        "ticket",
    ),
    *(
        "sale",
        "purchase",
        "purchaseorder",
        "rechnung",
        "rechnungs",
        "bestellung",
        "bestell",
        "bestellungs",
        "auftrag",
    ),
    *(
        "auftrags",
        "beleg",
        "bon",
        "kassenbon",
        "facture",
        "commande",
        "factura",
        "pedido",
        "fattura",
        "ordine",
    ),
    *(
        "scontrino",
        "factuur",
        "bestelling",
        "bestel",
        "faktura",
        "faktury",
        "zamowienie",
        "zamowienia",
        "paragon",
    ),
    *("paragonu", "fatura", "notafiscal", "encomenda"),
}


class OrderNumbers(NamedTuple):
    """The key of each row's order, and a mask of the lines of cancelled invoices.

    `cancellations` is whether a C before digits marks a cancelled invoice.
    """

    field: Field
    cancelled: Mask
    cancellations: bool


def read_orders(raw: pa.Table, name: str, *, cancellations: bool | None) -> OrderNumbers:
    """Parse order numbers to 64-bit keys; a ledger stores one per order.

    Parameters
    ----------
    raw
        Columns of text, int64 or float64, unparsed.
    name
        The column of the order numbers.
    cancellations
        Whether a C before digits marks a cancelled invoice; None means True if most numbers are
        plain digits.

    Returns
    -------
    OrderNumbers
        Null in rows without an order number.
    """
    found = DistinctCells.of(raw.column(name))
    texts = without_zero_fractions(identifiers(found.values).values)
    digests = (
        blake2b((text or "").encode(), digest_size=KEY_BYTES).digest() for text in texts.to_pylist()
    )
    keys = np.frombuffer(b"".join(digests), "<i8")
    values = found.decode(pa.array(keys, mask=mask(texts.is_null())))
    marked = mask(pc.match_substring_regex(texts, _CANCELLED))
    resolved = _are_numeric(texts, marked) if cancellations is None else cancellations
    cancelled = mask(found.decode(pa.array(marked & resolved)))
    field = Field(
        values,
        collect_errors(raw, name, values, errors_by_rule(cells.identifier)),
        None,
        _cancelled_warning(name, cancelled),
    )
    return OrderNumbers(field, cancelled, resolved)


def order_column_warning(raw: pa.Table, customer: str, named: Sequence[str]) -> str | None:
    """Warn of a column outside the recipe that looks like the order numbers of order lines."""
    for name in raw.column_names:
        if (
            name not in named
            and is_order_header(name)
            and (repeated := _count_repeated(raw, customer, name))
        ):
            return (
                f"{name!r} looks like the number of an order and repeats in {repeated:,} of "
                f"{raw.num_rows:,} rows, but each row counts as an order. If the rows are lines of "
                f"orders, send the table again with &order={quote(name)}"
            )
    return None


def is_order_header(header: str) -> bool:
    """Check whether a header is one of order numbers, in several languages."""
    letters = unicodedata.normalize("NFKD", header.casefold().replace("ł", "l"))
    plain = "".join(letter for letter in letters if letter.isascii() and letter.isalpha())
    return not {plain, _NUMBER_WORD.sub("", plain, count=1)}.isdisjoint(_ORDER_WORDS)


def _are_numeric(texts: pa.Array, marked: Mask) -> bool:
    """Check whether the unmarked numbers are plain digits and at least as many as the marked."""
    in_digits = int(mask(pc.match_substring_regex(texts, _DIGITS)).sum())
    n_others = len(texts) - texts.null_count - int(marked.sum())
    return in_digits > 0 and in_digits >= max(MIN_DIGIT_SHARE * n_others, int(marked.sum()))


def _cancelled_warning(name: str, cancelled: Mask) -> str | None:
    rows = np.flatnonzero(cancelled) + 1
    if not rows.size:
        return None
    which = (
        f"{rows.size:,} rows, the first of them row {rows[0]}, are"
        if rows.size > 1
        else f"Row {rows[0]} is"
    )
    return (
        f"{which} taken for returned: in {name!r} there is a C before digits, as in those of "
        "cancelled invoices."
    )


def _count_repeated(raw: pa.Table, customer: str, name: str) -> int:
    """Count the rows that share their order number with another row.

    0 if the column has no order numbers.
    """
    lines = pa.table({"order": raw[name], "customer": raw[customer]}).filter(pc.is_valid(raw[name]))
    n_orders = pc.count_distinct(lines["order"]).as_py()
    if not 1 < n_orders < lines.num_rows:
        return 0
    by_both = lines.group_by(["order", "customer"]).aggregate([([], "count_all")])
    if by_both.num_rows > MAX_CUSTOMERS_PER_ORDER * n_orders:
        return 0
    return int(
        pc.sum(by_both.filter(pc.greater(by_both["count_all"], 1))["count_all"]).as_py() or 0
    )
