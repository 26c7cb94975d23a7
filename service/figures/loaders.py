"""What figures are drawn from: read from the three stores when the first of them is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter

from models.criteria.base import Verdict
from models.features import Feature
from models.figures import DatasetInput, RecommendationInput, SampledCustomers, Segment, VersionInput
from models.figures.inputs import LOOKED_AT
from models.summary import Summary
from service.datasets import operations as datasets
from service.datasets.dataset_schema import read_columns, stored_schema
from service.datasets.operations import DatasetAt
from service.datasets.rows import DatasetVersionRow
from service.errors import NotFound
from service.recommendations.rows import RecommendationRow
from service.registry import operations as registry
from service.registry import repository as registry_repository
from service.registry.operations import TREE_FILE
from service.registry.rows import ModelRow, VersionRow
from service.stores import Stores
from service.stores.database import Session

_features: TypeAdapter[list[Feature]] = TypeAdapter(list[Feature])


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the customers of a dataset version lie."""

    path: str
    table_version: int
    n_customers: int
    columns: Sequence[str]

    @classmethod
    def of(cls, tenant: str, version: DatasetVersionRow, wanted: Sequence[str]) -> "Source":
        """Name those of a version's columns that are wanted."""
        there = stored_schema(version).names
        return cls(
            path=datasets.table_path(tenant, version.dataset_id),
            table_version=version.table_version,
            n_customers=version.n_customers,
            columns=[name for name in wanted if name in there],
        )


def load_dataset(stores: Stores, at: DatasetAt) -> DatasetInput:
    """Prepare to look at a dataset version."""
    dataset, version = at
    columns = read_columns(version)
    usable = [column.name for column in columns if column.kind in {"numeric", "categorical"}]
    return DatasetInput(
        columns=columns,
        n_customers=version.n_customers,
        summarize=partial(_summarize, stores, dataset.tenant, dataset.name, version.version),
        read=partial(read_customers, stores, Source.of(dataset.tenant, version, usable)),
    )


def load_recommendation(row: RecommendationRow) -> RecommendationInput:
    """Read what a recommendation says."""
    answer = row.answer or {}
    return RecommendationInput(
        k=answer["k"],
        probabilities=answer["probabilities"] and _by_k(answer["probabilities"]),
        credible_set=answer["credible_set"],
        verdicts=[_verdict(verdict) for verdict in answer["verdicts"]],
    )


def load_version(session: Session, stores: Stores, ready: tuple[ModelRow, VersionRow]) -> VersionInput:
    """Read what a version has learned, and prepare to look at its customers."""
    model, version = ready
    ref = registry.artifact_ref(model, version)
    features = _features.validate_python(version.features)
    source = source_of(session, version)
    read = None
    if source is not None:
        names = [feature.name for feature in features]
        read = partial(read_customers, stores, Source.of(model.tenant, source, names))
    return VersionInput(
        segments=segments_of(session, version),
        features=features,
        preparation=version.preparation or [],
        scorer=stores.scorers.get(ref),
        tree=registry.read_tree(stores, model, version) if stores.artifacts.holds(ref, TREE_FILE) else None,
        read=read,
        difference=difference(version, source),
    )


def difference(version: VersionRow, source: DatasetVersionRow | None) -> str | None:
    """Say that the customers to be seen are not just those whom a version learned from, where that is so."""
    if source is None or source.version == version.dataset_version:
        return None
    return (
        f"Learned from version {version.dataset_version} of the dataset, which cannot be read any more: "
        f"the customers to be seen are those of version {source.version}."
    )


def segments_of(session: Session, version: VersionRow) -> list[Segment]:
    """Read the segments of a version, with what people call them now."""
    pairs = registry_repository.list_profiles(session, version)
    return [
        Segment(
            index=profile.index,
            name=segment.name or profile.name,
            n_customers=profile.profile["n_customers"],
            share=profile.profile["share"],
            typical=profile.profile["typical"],
        )
        for profile, segment in pairs
    ]


def source_of(session: Session, version: VersionRow) -> DatasetVersionRow | None:
    """Find the customers of a version; where an erasure took that dataset version, those who are left now."""
    try:
        source = datasets.get_version_or_newest(session, version.dataset_id, version.dataset_version)
    except NotFound:
        return None
    return source if source.n_customers else None


def read_customers(stores: Stores, source: Source) -> SampledCustomers:
    """Read some customers, drawn by chance where there are many, batch by batch."""
    rows = _sampled_rows(source.n_customers)
    taken, start = [], 0
    for batch in stores.tables.batches(source.path, source.table_version, source.columns):
        within = rows[(rows >= start) & (rows < start + batch.num_rows)] - start
        taken.append(batch.take(pa.array(within)))
        start += batch.num_rows
    table = pa.Table.from_batches(taken)
    cells = {name: _cells(table.column(name)) for name in table.column_names}
    return SampledCustomers(cells=cells, n=table.num_rows, n_all=source.n_customers)


def _sampled_rows(n: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    if n <= LOOKED_AT:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, LOOKED_AT, replace=False))


def _cells(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    """Give numbers with NaN, and texts with None, where a cell is missing."""
    cells: np.ndarray[Any, Any] = column.to_numpy()
    return cells


def _summarize(stores: Stores, tenant: str, name: str, version: int) -> Summary:
    return datasets.summarize_dataset(stores, tenant, name, version=version)[2]


def _verdict(plain: Mapping[str, Any]) -> Verdict:
    verdict = Verdict(**plain)
    return replace(verdict, scores=_by_k(verdict.scores), errors=_by_k(verdict.errors))


def _by_k(figures: Mapping[Any, float]) -> dict[int, float]:
    return {int(k): figure for k, figure in figures.items()}
