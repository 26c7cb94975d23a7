"""Ticks at round numbers, and number formatting."""

import math
from typing import Final

from models.charts.spec import Axis, Tick

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_SUFFIXES: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_PLAIN_BELOW: Final = 1e4
_SMALL: Final = 1e-3


def ticks_of(axis: Axis, *, max_ticks: int) -> list[Tick]:
    """Return the explicit ticks of an axis, or about `max_ticks` round numbers within its range."""
    if axis.ticks is not None:
        return list(axis.ticks)
    low, high = sorted((axis.low, axis.high))
    step = _step((high - low) / max(max_ticks, 1))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(i * step, number(i * step, step / 10)) for i in range(first, last + 1)]


def number(value: float, step: float | None = None) -> str:
    """Format a number with as few digits as distinguish it from neighbours a `step` away."""
    if not math.isfinite(value):
        return "-"
    size = abs(value)
    step = step or size / 1000
    for unit, suffix in _SUFFIXES:
        if max(size, step) >= unit and size >= _PLAIN_BELOW:
            return f"{_decimals(value / unit, step / unit)}{suffix}"
    if 0 < size < _SMALL:
        return f"{value:.2g}"
    return _decimals(value, step)


def _decimals(value: float, step: float) -> str:
    places = max(0, min(6, math.ceil(-math.log10(step) - 1e-9))) if step > 0 else 0
    text = f"{value:.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")


def _step(rough: float) -> float:
    if not rough > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))
