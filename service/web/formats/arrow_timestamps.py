"""ISO 8601 texts of Arrow timestamps, with and without time zones."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from service.web.formats.errors import UnreadableBody

SECONDS_A_DAY: Final = 86_400
SECONDS_A_MINUTE: Final = 60
TICKS: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # of a second
UTC: Final = ("UTC", "Etc/UTC", "Z", "+00:00")


def iso_timestamps(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write timestamps as ISO 8601 texts in local time, in the coarsest unit that is exact.

    Timestamps without a time zone are written as dates if all of them are midnights.
    """
    local = _in_local_time(column)
    texts = _iso_texts(local, as_days=not column.type.tz)
    if not column.type.tz:
        return texts
    offsets = pc.subtract(local.cast(pa.int64()), column.cast(pa.int64()))
    return pc.binary_join_element_wise(texts, _iso_offsets(offsets, column.type.unit), "")


def _in_local_time(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.type.tz in {None, *UTC}:
        return column.cast(pa.int64()).cast(pa.timestamp(column.type.unit))
    try:
        return pc.local_timestamp(column)
    except pa.ArrowInvalid:
        raise UnreadableBody(
            "A column of times has a zone that is not known, or a time beyond its calendar"
        ) from None


def _iso_texts(local: pa.ChunkedArray, *, as_days: bool) -> pa.ChunkedArray:
    for unit in ("s", "ms", "us", "ns"):
        try:
            local = local.cast(pa.timestamp(unit))
        except pa.ArrowInvalid:
            continue
        break
    if as_days and local.type.unit == "s" and _are_whole_days(local):
        return local.cast(pa.date32()).cast(pa.string())
    return pc.replace_substring(local.cast(pa.string()), " ", "T")


def _iso_offsets(offsets: pa.ChunkedArray, unit: str) -> pa.ChunkedArray:
    """Write how far local times are ahead of UTC, as ``+02:00``, or ``Z`` where they are not."""
    encoded = offsets.combine_chunks().dictionary_encode()
    minutes = [
        offset // (SECONDS_A_MINUTE * TICKS[unit]) for offset in encoded.dictionary.to_pylist()
    ]
    texts = pa.array(map(_iso_offset, minutes), pa.string())
    return pa.chunked_array([pc.take(texts, encoded.indices)])


def _iso_offset(minutes: int) -> str:
    if minutes == 0:
        return "Z"
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def _are_whole_days(local: pa.ChunkedArray) -> bool:
    seconds = local.cast(pa.int64())
    days = pc.multiply(pc.divide(seconds, SECONDS_A_DAY), SECONDS_A_DAY)
    return bool(pc.all(pc.equal(seconds, days)).as_py())
