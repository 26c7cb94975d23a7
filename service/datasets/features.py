"""The columns of a dataset that something is learned from."""

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
    version: DatasetVersionRow, asked: Sequence[JsonObject] | None, settings: Settings
) -> list[JsonObject]:
    """Settle the features: those asked for, or every numeric and categorical column that varies."""
    kinds = kinds_of(version)
    chosen = _every_usable(version) if asked is None else asked
    require_usable([feature["name"] for feature in chosen], kinds)
    fewest = settings.min_category_customers
    return [
        asdict(Feature(kind=kinds[feature["name"]], min_category_customers=fewest, **feature)) for feature in chosen
    ]


def kinds_of(version: DatasetVersionRow) -> JsonObject:
    """Tell what each column of a dataset version is taken for."""
    return {column["name"]: column["kind"] for column in version.columns}


def doubts_of(version: DatasetVersionRow, names: Collection[str]) -> list[str]:
    """List the doubts about the columns that a fit learns from; where it learns from all, those left out as well."""
    kinds = kinds_of(version)
    learns_from_all = all(name in names for name, kind in kinds.items() if kind in USABLE)
    asked = [column for column in version.columns if column["name"] in names or learns_from_all]
    return list(dict.fromkeys(doubt for column in asked for doubt in column.get("doubts", ())))


def require_usable(names: Sequence[str], kinds: JsonObject) -> None:
    """Refuse features that are not there, that are no feature, or that are named twice."""
    if len(names) > len(kinds):
        detail = f"names {len(names):,} features, where the dataset has {len(kinds):,} columns"
        raise InvalidRequest("There are too many features", errors=[FieldError(detail=detail, pointer="/features")])
    seen: set[str] = set()
    faults = []
    for position, name in enumerate(names):
        if fault := _fault(name, seen, kinds):
            faults.append(FieldError(detail=f"{name}: {fault}", pointer=f"/features/{position}"))
        seen.add(name)
    if faults:
        raise InvalidRequest("The features cannot be used", errors=faults)


def check_size_limit(settings: Settings, n: int, d: int) -> None:
    """Refuse to learn from n customers with d features where that is too much, before there is a job for it."""
    if n * d > settings.fit_cells:
        raise TooManyCustomers(
            f"{n:,} customers with {d} features are more than the {settings.fit_cells:,} cells that a fit learns from; "
            "name fewer features, or put a sample of the customers"
        )
    needed = _BYTES_PER_CELL * n * d
    if needed > settings.fit_memory:
        raise TooManyCustomers(
            f"{n:,} customers with {d} features need about {needed:,} bytes, more than the {settings.fit_memory:,} "
            "that a fit may take; name fewer features, or put a sample of the customers"
        )


def _every_usable(version: DatasetVersionRow) -> list[JsonObject]:
    usable: list[JsonObject] = [
        {"name": column["name"]} for column in version.columns if column["kind"] in USABLE and column["distinct"] > 1
    ]
    if not usable:
        fault = "each column is ignored or an identifier, as when all its cells are missing or alike"
        raise InvalidRequest("The dataset has no feature", errors=[FieldError(detail=fault, pointer="/features")])
    return usable


def _fault(name: str, earlier: Collection[str], kinds: JsonObject) -> str | None:
    if name not in kinds:
        return "the dataset has no such column"
    if kinds[name] not in USABLE:
        return f"the column is taken for {kinds[name]}, not for numeric or categorical"
    return "named twice" if name in earlier else None
