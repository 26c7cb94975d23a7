"""Classification of columns by the words of their headers."""

import re
import unicodedata
from functools import lru_cache
from itertools import filterfalse
from typing import Final

from models.columns.header_words import (
    AMOUNTS,
    ARTICLES,
    CODE_BEGINNINGS,
    CODE_ENDINGS,
    CODE_WORDS,
    CODES,
    COUNT_BEGINNINGS,
    CUSTOMER_ENDINGS,
    CUSTOMER_KEYS,
    CUSTOMERS,
    DATES,
    EVENTS,
    KEY_ENDINGS,
    KEYS,
    LASTS,
    NAMED,
    NOT_KEYS,
    OUTCOME_COMPANIONS,
    OUTCOMES,
    PHONES,
    RFM_GROUPS,
    ROWS,
    SEGMENTATION_COMPANIONS,
    SEGMENTATIONS,
    SHORT_KEY_ENDINGS,
    SURE_DATES,
    Words,
)

# The clearest first.
PLAIN_ID_HEADERS: Final = (
    *(
        "customerid",
        "customernumber",
        "customerno",
        "custid",
        "clientid",
        "userid",
        "memberid",
        "accountid",
    ),
    *("contactid", "personid"),
)
BARE_ID_HEADERS: Final = (
    "customer",
    "client",
    "kunde",
    "cliente",
    "klant",
    "cust",
    "klient",
    "kund",
    "asiakas",
    "клиент",
    "покупатель",
    "id",
    "uuid",
    "guid",
)

_ID_ENDING = re.compile(r"(?:^|[\W_])(?:id|uuid|guid)$|(?-i:[a-z0-9]I[Dd]$)", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+|[0-9]+")
_NUMBER_SIGNS: Final = str.maketrans({"#": " no ", "°": "o", "№": " no ", "º": "o", "ß": "ss"})
_MANY_HEADERS: Final = 4096
MAX_ROW_WORDS: Final = 2


def split_words(text: str) -> tuple[str, ...]:
    """Split a text into its words, without accents and in lower case.

    ``CustomerKey`` is customer, key.
    """
    spelled = unicodedata.normalize("NFKD", text.translate(_NUMBER_SIGNS))
    plain = unicodedata.normalize("NFC", "".join(filterfalse(unicodedata.combining, spelled)))
    return tuple(word.lower() for word in _WORD.findall(plain))


@lru_cache(_MANY_HEADERS)
def words_of(header: str) -> tuple[str, ...]:
    """Split a header into its words, with an LRU cache.

    Use `split_words` for cells, which must not be cached.
    """
    return split_words(header)


def id_rank(header: str) -> int | None:
    """Rank a header as a customer id, 0 for the clearest; None if it is not one."""
    plain = re.sub(r"[\W_]", "", header).lower()
    if plain in PLAIN_ID_HEADERS:
        return PLAIN_ID_HEADERS.index(plain)
    if _names_customer_key(words_of(header)):
        return len(PLAIN_ID_HEADERS)
    return (
        len(PLAIN_ID_HEADERS) + 1 + BARE_ID_HEADERS.index(plain)
        if plain in BARE_ID_HEADERS
        else None
    )


def is_id_header(header: str) -> bool:
    """Check whether a header is an identifier of customers or of other things."""
    return id_rank(header) is not None or _ID_ENDING.search(header) is not None


def is_key_header(header: str) -> bool:
    """Check whether a header is a key or running number.

    ``Sl_No``, ``Kundennummer``, ``Unnamed: 0``, ``RowNumber``.
    """
    return (
        is_id_header(header)
        or is_code_header(header)
        or _is_key(_without_numbers(words_of(header)))
    )


def is_code_header(header: str) -> bool:
    """Check whether a header is a code, which may repeat: zip code, phone number, ``store_id``."""
    words = _without_numbers(words_of(header))
    if not words:
        return False
    is_compound = words[-1].endswith(CODE_ENDINGS) and words[-1] not in NOT_KEYS
    is_code = words[-1] in CODES or words[0] in CODE_BEGINNINGS or is_compound
    return is_code or _is_phone(words) or _is_named(words[-1], "id")


def is_phone_header(header: str) -> bool:
    """Check whether a header is a phone number."""
    return _is_phone(words_of(header))


def is_amount_header(header: str) -> bool:
    """Check whether a header is an amount or a count.

    ``income_cents``, ``Number of orders``, ``NumWebVisits``.
    """
    words = _without_numbers(words_of(header))
    return not is_key_header(header) and (_is_count(words) or not AMOUNTS.isdisjoint(words))


def is_date_header(header: str) -> bool:
    """Check whether a header is a date or time, and neither an amount nor a key.

    ``opened``, ``last_seen``, ``DOB``.
    """
    words = words_of(header)
    amounts = AMOUNTS.intersection(words)
    is_last = not LASTS.isdisjoint(words) and amounts <= EVENTS
    is_date = (
        not SURE_DATES.isdisjoint(words) or is_last or (not DATES.isdisjoint(words) and not amounts)
    )
    return is_date and not is_key_header(header)


def is_segmentation_header(header: str) -> bool:
    """Check whether a header is an earlier segmentation.

    ``Cluster``, ``RFM_Segment``, ``RFM_Class``, not ``cluster distance``.
    """
    words = words_of(header)
    core = SEGMENTATIONS | RFM_GROUPS if "rfm" in words else SEGMENTATIONS
    return _has_only(words, core, SEGMENTATION_COMPANIONS)


def is_outcome_header(header: str) -> bool:
    """Check whether a header is an outcome to explain.

    ``Churn``, ``Attrition_Flag``, not ``response time``.
    """
    return _has_only(words_of(header), OUTCOMES, OUTCOME_COMPANIONS)


def _names_customer_key(words: tuple[str, ...]) -> bool:
    """Check for exactly one customer word and one key word, in any order, joined or separate."""
    left = [word for word in words if word not in ARTICLES]
    if len(left) == 1:
        return left[0] in CUSTOMER_KEYS or any(
            left[0] == f"{noun}{end}" for end in CUSTOMER_ENDINGS for noun in CUSTOMERS
        )
    nouns, keys = (sum(word in words for word in left) for words in (CUSTOMERS, KEYS | CODE_WORDS))
    return nouns == keys == 1 and len(left) == nouns + keys


def _is_key(words: tuple[str, ...]) -> bool:
    if not words or _is_count(words):
        return False
    last, is_short = words[-1], len(words) <= MAX_ROW_WORDS
    is_compound = (last.endswith(KEY_ENDINGS) and last not in NOT_KEYS) or _is_named(
        last, *SHORT_KEY_ENDINGS
    )
    leads = words[0] in KEYS and (len(words) == 1 or not CUSTOMERS.isdisjoint(words))
    return (
        last in KEYS
        or is_compound
        or leads
        or (is_short and words[0] in ROWS)
        or _names_customer_key(words)
    )


def _is_named(word: str, *endings: str) -> bool:
    """Check for a compound of a noun and a short key suffix: ``orderid``, ``invoiceno``."""
    return any(word.endswith(ending) and word.removesuffix(ending) in NAMED for ending in endings)


def _is_phone(words: tuple[str, ...]) -> bool:
    return any(word in PHONES for word in words) and AMOUNTS.isdisjoint(words)


def _is_count(words: tuple[str, ...]) -> bool:
    """Check whether a header is a count: ``Number of orders``, ``NumWebVisits``."""
    begins = len(words) > 1 and words[0] in COUNT_BEGINNINGS
    return begins and CUSTOMERS.isdisjoint(words) and words[-1] not in KEYS | CODES


def _has_only(words: tuple[str, ...], core: Words, companions: Words) -> bool:
    left = _without_numbers(words)
    return not core.isdisjoint(left) and all(word in core or word in companions for word in left)


def _without_numbers(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.isdigit())
