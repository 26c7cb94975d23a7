"""Feature specification: a column to cluster by, and its preparation options."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from annotated_types import Ge, Gt, Le

Kind = Literal["numeric", "categorical"]
Scale = Literal["auto", "standard", "robust", "none"]

MAX_CATEGORIES: Final = 100
MIN_CATEGORY_CUSTOMERS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A column used to cluster.

    `preparation.decide` resolves `log` to a bool and fills `categories`; later versions of the
    model inherit both. `weight` multiplies the squared distance. A category of fewer than
    `min_category_customers` is not learned unless it is listed in `categories`.
    """

    name: str
    kind: Kind
    scale: Scale = "auto"
    log: Literal["auto"] | bool = "auto"
    weight: Annotated[float, Gt(0), Le(1e6)] = 1.0
    categories: tuple[str, ...] | None = None
    min_category_customers: Annotated[int, Ge(1)] = MIN_CATEGORY_CUSTOMERS
