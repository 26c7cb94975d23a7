"""The feed of a dataset's changes: which customers were written or deleted since a cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from service.datasets import repository
from service.datasets.rows import ChangeRow, DatasetRow
from service.errors import CursorExpired
from service.stores.database import Session

LATEST: Final = "latest"  # accepted instead of a cursor


@dataclass(frozen=True, kw_only=True)
class ChangePage:
    """Changes of a dataset in their order; `seq` is the last one that was read."""

    dataset: DatasetRow
    changes: Sequence[ChangeRow]
    seq: int

    @property
    def has_more(self) -> bool:
        return self.seq < self.dataset.seq


def list_changes(
    session: Session, tenant: str, name: str, cursor: tuple[str, int] | None, *, limit: int
) -> ChangePage:
    """List the changes after a cursor, a dataset's id and a seq; by default the oldest ones kept.

    Raises CursorExpired if some of them are no longer kept.
    """
    dataset = repository.get_dataset(session, tenant, name)
    dataset_id, seq = cursor or (dataset.id, dataset.trimmed_seq)
    if dataset_id != dataset.id or not dataset.trimmed_seq <= seq <= dataset.seq:
        raise CursorExpired
    changes = repository.list_changes(
        session, dataset.id, after=seq, up_to=dataset.seq, limit=limit
    )
    last = changes[-1].seq if len(changes) == limit else dataset.seq
    return ChangePage(dataset=dataset, changes=changes, seq=last)


def skip_changes(session: Session, tenant: str, name: str) -> ChangePage:
    """Return an empty page that ends at the newest change."""
    dataset = repository.get_dataset(session, tenant, name)
    return ChangePage(dataset=dataset, changes=[], seq=dataset.seq)
