"""Comparison of two versions of a model: counts of customers by segment before and after."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.contingency import Counts, contingency
from models.errors import TooManyCustomers
from models.figures import ComparedSegment, ComparisonInput
from models.scoring import Scorer
from service.config import Settings
from service.datasets import stored_versions
from service.datasets.dataset_schema import stored_schema
from service.datasets.rows import DatasetVersionRow
from service.datasets.stored_customers import customers_key, read_customer_batches
from service.errors import Incomparable, NotFound
from service.registry import operations as registry
from service.registry import repository as registry_repository
from service.registry.rows import ModelRow, VersionRow
from service.stores import Stores
from service.stores.artifacts import ArtifactRef
from service.stores.database import Session
from service.stores.lru_cache import cache_key


@dataclass(frozen=True, kw_only=True)
class ComparedVersion:
    """Version in a comparison.

    `names` maps the ids of its segments to their names, ordered by index.
    """

    version: VersionRow
    ref: ArtifactRef
    names: dict[str, str]

    @property
    def segments(self) -> list[ComparedSegment]:
        return [
            ComparedSegment(key=key, name=name, index=index)
            for index, (key, name) in enumerate(self.names.items())
        ]


@dataclass(frozen=True, kw_only=True)
class VersionPair:
    """Two versions of a model, and the dataset version whose customers both assign.

    `customers_key` identifies these customers.
    """

    model: ModelRow
    before: ComparedVersion
    after: ComparedVersion
    source: DatasetVersionRow
    customers_key: tuple[str, int, int]

    @property
    def counts_key(self) -> str:
        """Cache key of the counts."""
        return cache_key([vars(self.before.ref), vars(self.after.ref), *self.customers_key])

    @property
    def state(self) -> str:
        """Cache key of the whole comparison, including the names of the segments."""
        return cache_key([self.counts_key, self.before.names, self.after.names])

    @property
    def source_available(self) -> bool:
        """Whether `source` is the dataset version that the later version was fitted on."""
        return self.source.version == self.after.version.dataset_version


@dataclass(frozen=True, kw_only=True)
class FlowCounts:
    """Contingency table (n_before, n_after), and the number of unassignable customers."""

    counts: Counts
    n_unplaced: int

    def __add__(self, other: "FlowCounts") -> "FlowCounts":
        return FlowCounts(
            counts=self.counts + other.counts, n_unplaced=self.n_unplaced + other.n_unplaced
        )


def find_pair(
    session: Session, tenant: str, name: str, before: str, after: str | None
) -> VersionPair:
    """Find two versions of a model to compare; `after` defaults to the newest ready one."""
    model, earlier = registry.get_ready_version(session, tenant, name, before)
    if after is None:
        later = registry_repository.newest_ready_version(session, model) or earlier
    else:
        _, later = registry.get_ready_version(session, tenant, name, after)
    source = _source(session, earlier, later)
    pair = VersionPair(
        model=model,
        before=_compared_version(session, model, earlier),
        after=_compared_version(session, model, later),
        source=source,
        customers_key=customers_key(session, source),
    )
    _require_columns(pair)
    return pair


def check_size_limit(settings: Settings, pair: VersionPair) -> None:
    """Raise TooManyCustomers if assigning the customers would take too long for a request."""
    n = pair.source.n_customers
    if n > settings.comparison_rows:
        raise TooManyCustomers(
            f"{n:,} customers exceed the limit of {settings.comparison_rows:,} for a comparison; "
            "start a run of each version, and compare the assignments"
        )


def compare(stores: Stores, pair: VersionPair) -> tuple[ComparisonInput, FlowCounts]:
    """Count the customers by segment before and after; the counts are cached."""
    flow = stores.counts.get(pair.counts_key, lambda: _count(stores, pair))
    notes = []
    if flow.n_unplaced:
        notes.append(f"{flow.n_unplaced:,} customers that a version cannot assign are left out.")
    if not pair.source_available:
        notes.append(
            "The dataset version that the later version was fitted on was deleted; these are the "
            "current customers."
        )
    compared = ComparisonInput(
        numbers=(pair.before.version.number, pair.after.version.number),
        before=pair.before.segments,
        after=pair.after.segments,
        counts=flow.counts,
        notes=notes,
    )
    return compared, flow


def _compared_version(session: Session, model: ModelRow, version: VersionRow) -> ComparedVersion:
    names = registry.segment_names(session, version)
    return ComparedVersion(version=version, ref=registry.artifact_ref(model, version), names=names)


def _source(session: Session, before: VersionRow, after: VersionRow) -> DatasetVersionRow:
    if before.dataset_id != after.dataset_id:
        raise Incomparable(
            f"Version {before.number} learned from the dataset {before.dataset}, version "
            f"{after.number} from {after.dataset}"
        )
    try:
        return stored_versions.get_version_or_newest(
            session, after.dataset_id, after.dataset_version
        )
    except NotFound as error:
        raise Incomparable(f"The dataset {after.dataset} was deleted") from error


def _require_columns(pair: VersionPair) -> None:
    stored = stored_schema(pair.source).names
    for side in (pair.before, pair.after):
        missing = [
            feature["name"] for feature in side.version.features if feature["name"] not in stored
        ]
        if missing:
            raise Incomparable(
                f"Version {pair.source.version} of the dataset {side.version.dataset} has no "
                f"column {missing[0]}, "
                f"which version {side.version.number} of the model needs"
            )


def _count(stores: Stores, pair: VersionPair) -> FlowCounts:
    """Assign all customers to both versions, batch by batch."""
    scorers = [stores.scorers.get(side.ref) for side in (pair.before, pair.after)]
    shape = scorers[0].n_segments, scorers[1].n_segments
    empty = FlowCounts(counts=np.zeros(shape, dtype=np.int64), n_unplaced=0)
    columns = list(dict.fromkeys(name for scorer in scorers for name in scorer.feature_names))
    batches = read_customer_batches(stores, pair.model.tenant, pair.source, columns)
    return sum((_count_batch(batch, scorers) for batch in batches), start=empty)


def _count_batch(batch: pa.RecordBatch, scorers: Sequence[Scorer]) -> FlowCounts:
    cells = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in batch.schema.names}
    before, after = (scorer.assign(cells, batch.num_rows).index for scorer in scorers)
    assigned = (before >= 0) & (after >= 0)
    shape = scorers[0].n_segments, scorers[1].n_segments
    counts = contingency(before[assigned], after[assigned], shape=shape)
    return FlowCounts(counts=counts, n_unplaced=int((~assigned).sum()))
