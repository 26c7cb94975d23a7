"""Choice and validation of features: the columns of a dataset that a fit learns from."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from models.errors import TooManyCustomers
from models.features import Feature
from service.config import Settings
from service.datasets.rows import DatasetVersionRow
from service.errors import FieldError, InvalidRequest
from service.stores.database import JsonObject

USABLE = ("numeric", "categorical")
_BYTES_PER_CELL = 2 * 8  # a number, and a copy of it


def choose_features(
    version: DatasetVersionRow, requested: Sequence[JsonObject] | None, settings: Settings
) -> list[JsonObject]:
    """Return the requested features, by default all numeric and categorical ones that vary."""
    kinds = kinds_of(version)
    chosen = _usable_features(version) if requested is None else requested
    require_usable([feature["name"] for feature in chosen], kinds)
    min_customers = settings.min_category_customers
    return [
        asdict(
            Feature(kind=kinds[feature["name"]], min_category_customers=min_customers, **feature)
        )
        for feature in chosen
    ]


def kinds_of(version: DatasetVersionRow) -> JsonObject:
    """Return the kind of each column of a dataset version by its name."""
    return {column["name"]: column["kind"] for column in version.columns}


def doubts_of(version: DatasetVersionRow, names: Collection[str]) -> list[str]:
    """List the doubts about the named columns, or about all if every usable one is named."""
    kinds = kinds_of(version)
    learns_from_all = all(name in names for name, kind in kinds.items() if kind in USABLE)
    columns = [column for column in version.columns if column["name"] in names or learns_from_all]
    return list(dict.fromkeys(doubt for column in columns for doubt in column.get("doubts", ())))


def require_usable(names: Sequence[str], kinds: JsonObject) -> None:
    """Raise InvalidRequest if a feature is missing, unusable or named twice."""
    if len(names) > len(kinds):
        detail = f"{len(names):,} features are named, but the dataset has {len(kinds):,} columns"
        raise InvalidRequest(
            "There are too many features", errors=[FieldError(detail=detail, pointer="/features")]
        )
    seen: set[str] = set()
    faults = []
    for position, name in enumerate(names):
        if fault := _feature_error(name, seen, kinds):
            faults.append(FieldError(detail=f"{name}: {fault}", pointer=f"/features/{position}"))
        seen.add(name)
    if faults:
        raise InvalidRequest("The features cannot be used", errors=faults)


def check_size_limit(settings: Settings, n: int, d: int) -> None:
    """Raise TooManyCustomers if a fit of n customers and d features exceeds the limits."""
    if n * d > settings.fit_cells:
        raise TooManyCustomers(
            f"{n:,} customers with {d} features exceed the limit of {settings.fit_cells:,} cells "
            "for a fit; name fewer features, or upload a sample of the customers"
        )
    needed = _BYTES_PER_CELL * n * d
    if needed > settings.fit_memory:
        raise TooManyCustomers(
            f"{n:,} customers with {d} features need about {needed:,} bytes, more than the limit "
            "of "
            f"{settings.fit_memory:,} for a fit; name fewer features, or upload a sample of the "
            "customers"
        )


def _usable_features(version: DatasetVersionRow) -> list[JsonObject]:
    usable: list[JsonObject] = [
        {"name": column["name"]}
        for column in version.columns
        if column["kind"] in USABLE and column["distinct"] > 1
    ]
    if not usable:
        fault = "every column is ignored, an identifier, or constant"
        raise InvalidRequest(
            "The dataset has no feature", errors=[FieldError(detail=fault, pointer="/features")]
        )
    return usable


def _feature_error(name: str, earlier: Collection[str], kinds: JsonObject) -> str | None:
    if name not in kinds:
        return "the dataset has no such column"
    if kinds[name] not in USABLE:
        return f"the column is of kind {kinds[name]}, not numeric or categorical"
    return "named twice" if name in earlier else None
