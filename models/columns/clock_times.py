"""Clock times and durations, such as 03:25 and 14:05:30."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from models.columns.cell_arrays import SPACE, mask
from models.columns.column import Kind

SAMPLE: Final = 1000
MIN_SHARE: Final = 0.9

_TIME: Final = rf"^{SPACE}*[0-9]{{1,3}}:[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?{SPACE}*$"


def are_clock_times(texts: pa.Array) -> bool:
    """Check whether texts are clock times or durations, by the first thousand of them."""
    sample = texts.drop_null()[:SAMPLE]
    return bool(len(sample) and mask(pc.match_substring_regex(sample, _TIME)).mean() >= MIN_SHARE)


def clock_time_warning(name: str, kind: Kind) -> str:
    """Build the warning for a column of clock times."""
    outcome = "read as categories" if kind == "categorical" else kind
    return (
        f"{name!r} holds times written like hh:mm or mm:ss, and is {outcome}. To "
        "use them as amounts, send each as one number, such as its seconds."
    )
