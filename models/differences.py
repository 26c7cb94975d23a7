"""The sentence on a difference between a segment and all customers.

One for the API, the report and the figures.
"""

from collections.abc import Mapping
from typing import Any

from models.charts.ticks import number


def describe_difference(difference: Mapping[str, Any]) -> str:
    """Write how a feature sets a segment apart.

    Parameters
    ----------
    difference
        `feature`, `category`, `here`, `overall` and, unless an earlier release made it, `measure`,
        as a profile has them.
    """
    feature, here, overall = difference["feature"], difference["here"], difference["overall"]
    if difference["category"] is not None:
        return (
            f"{_percent(here)} are {difference['category']} ({feature}), {_percent(overall)} of all"
        )
    if difference.get("measure") == "share_nonzero":
        return f"{feature}: {_percent(here)} have any, {_percent(overall)} of all"
    if number(here) == number(overall):
        return f"{feature}: {'more' if difference['effect'] > 0 else 'less'} than most"
    manner = "on average" if difference.get("measure") == "mean" else "typically"
    side = "above" if here > overall else "below"
    return f"{feature}: {manner} {number(here)}, {side} the {number(overall)} of all"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
