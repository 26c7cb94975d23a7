"""What a header says of its column."""

import re
from typing import Final

# The most telling first.
ID_HEADERS: Final = (
    *("customerid", "customernumber", "customerno", "custid", "clientid", "userid", "memberid", "accountid"),
    *("contactid", "personid", "customer", "id", "uuid", "guid"),
)
_ID_ENDING = re.compile(r"(?:^|[\W_])(?:id|uuid|guid)$|(?-i:[a-z0-9]I[Dd]$)", re.IGNORECASE)


def id_rank(header: str) -> int | None:
    """Rank how plainly a header says customer id, 0 first; None if it does not."""
    plain = re.sub(r"[\W_]", "", header).lower()
    return ID_HEADERS.index(plain) if plain in ID_HEADERS else None


def is_id_header(header: str) -> bool:
    """Tell whether a header says that the column names something, customers or not."""
    return id_rank(header) is not None or _ID_ENDING.search(header) is not None
