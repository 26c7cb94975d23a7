"""Loaders of figure inputs from the database, table store and artifact store.

Customers are read lazily.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter

from models.criteria.base import Verdict
from models.features import Feature
from models.figures import (
    DatasetInput,
    RecommendationInput,
    SampledCustomers,
    Segment,
    VersionInput,
)
from models.figures.inputs import LOOKED_AT
from models.summary import Summary
from service.datasets import operations as datasets
from service.datasets import stored_versions
from service.datasets.dataset_schema import read_columns, stored_schema
from service.datasets.rows import DatasetVersionRow
from service.datasets.stored_customers import read_customer_batches
from service.datasets.stored_versions import DatasetAt
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
    """Dataset version and columns to read customers from."""

    tenant: str
    version: DatasetVersionRow
    columns: Sequence[str]

    @classmethod
    def of(cls, tenant: str, version: DatasetVersionRow, columns: Sequence[str]) -> "Source":
        """Build the source of those of the columns that a dataset version has."""
        stored = stored_schema(version).names
        return cls(
            tenant=tenant,
            version=version,
            columns=[name for name in columns if name in stored],
        )


def load_dataset(stores: Stores, at: DatasetAt) -> DatasetInput:
    """Return the figure input of a dataset version, without reading its customers yet."""
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
    """Return the figure input of a finished recommendation."""
    answer = row.answer or {}
    return RecommendationInput(
        k=answer["k"],
        probabilities=answer["probabilities"] and _by_k(answer["probabilities"]),
        credible_set=answer["credible_set"],
        verdicts=[_parse_verdict(verdict) for verdict in answer["verdicts"]],
    )


def load_version(
    session: Session, stores: Stores, ready: tuple[ModelRow, VersionRow]
) -> VersionInput:
    """Return the figure input of a ready version, without reading its customers yet."""
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
        tree=registry.read_tree(stores, model, version)
        if stores.artifacts.holds(ref, TREE_FILE)
        else None,
        read=read,
        difference=difference(version, source),
    )


def difference(version: VersionRow, source: DatasetVersionRow | None) -> str | None:
    """Return a note if the shown customers differ from those of the fit, else None."""
    if source is None or source.version == version.dataset_version:
        return None
    return (
        f"The version was fitted on version {version.dataset_version} of the dataset, which was "
        f"deleted; the figures show the customers of version {source.version}."
    )


def segments_of(session: Session, version: VersionRow) -> list[Segment]:
    """Return the segments of a version with their current names."""
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
    """Find the dataset version of a fit, or the newest one if an erasure has deleted it."""
    try:
        source = stored_versions.get_version_or_newest(
            session, version.dataset_id, version.dataset_version
        )
    except NotFound:
        return None
    return source if source.n_customers else None


def read_customers(stores: Stores, source: Source) -> SampledCustomers:
    """Read the customers of a source batch by batch, or a random sample if there are many."""
    n = source.version.n_customers
    sampled = n > LOOKED_AT
    rows = np.random.default_rng(0).choice(n, LOOKED_AT, replace=False) if sampled else np.arange(n)
    rows.sort()
    batches, start = [], 0
    for batch in read_customer_batches(stores, source.tenant, source.version, source.columns):
        within = rows[(rows >= start) & (rows < start + batch.num_rows)] - start
        batches.append(batch.take(pa.array(within)))
        start += batch.num_rows
    table = pa.Table.from_batches(batches)
    # Missing numbers become NaN, missing texts None.
    cells = {name: table.column(name).to_numpy() for name in table.column_names}
    return SampledCustomers(cells=cells, n=table.num_rows, n_all=n)


def _summarize(stores: Stores, tenant: str, name: str, version: int) -> Summary:
    return datasets.summarize_dataset(stores, tenant, name, version=version)[2]


def _parse_verdict(stored: Mapping[str, Any]) -> Verdict:
    verdict = Verdict(**stored)
    return replace(verdict, scores=_by_k(verdict.scores), errors=_by_k(verdict.errors))


def _by_k(figures: Mapping[Any, float]) -> dict[int, float]:
    return {int(k): figure for k, figure in figures.items()}
