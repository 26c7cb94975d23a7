"""Stores of metadata, customer tables and model files, with their in-memory caches."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from service.config import Settings
from service.signing_keys import signing_keys
from service.storage import make_private
from service.stores.artifacts import Artifacts
from service.stores.database import Database
from service.stores.lru_cache import CacheStats, LruCache
from service.stores.scorer_cache import ScorerCache
from service.stores.tables import Tables

MAX_SUBJECTS = 4
MAX_COUNTS = 100
MAX_DRAWING_BYTES = 16 * 2**20
MAX_CHANGED = 50_000  # customers


@dataclass(frozen=True, kw_only=True)
class Stores:
    """The three stores that must stay consistent: metadata, customer tables, model files.

    Caches: `scorers` holds deserialized scorers, `subjects` the inputs of figures, `drawings`
    rendered figures, `counts` the contingency tables of compared versions, and `changes` the
    changes of datasets since their stored versions, for further pages. `dataset_versions`
    is the number of versions of a dataset that are kept in addition to those that a model learned
    from. Changes are folded after `fold_after` at the latest, and kept for `changes_kept`, the ids
    of erased customers among them for `erasure_notice`.
    """

    database: Database
    tables: Tables
    artifacts: Artifacts
    scorers: ScorerCache
    subjects: LruCache[str, Any]
    drawings: LruCache[str, bytes]
    counts: LruCache[str, Any]
    changes: LruCache[tuple[str, int, int], Any]
    dataset_versions: int
    fold_after: timedelta
    changes_kept: timedelta
    erasure_notice: timedelta

    def caches(self) -> dict[str, CacheStats]:
        return {
            "scorers": self.scorers.use(),
            "subjects": self.subjects.use(),
            "drawings": self.drawings.use(),
            "counts": self.counts.use(),
            "changes": self.changes.use(),
        }


def open_stores(settings: Settings) -> Stores:
    """Open the stores named by the settings; local directories are created and made private."""
    for location in (settings.home, settings.tables_directory(), settings.artifacts_directory()):
        if isinstance(location, Path):
            make_private(location)
    artifacts = Artifacts(settings.artifacts_directory(), *signing_keys(settings))
    return Stores(
        database=Database(settings.database_address(), connections=settings.database_connections),
        tables=Tables(settings.tables_directory()),
        artifacts=artifacts,
        scorers=ScorerCache(artifacts),
        subjects=LruCache(MAX_SUBJECTS, lambda _: 1),
        drawings=LruCache(MAX_DRAWING_BYTES, len),
        counts=LruCache(MAX_COUNTS, lambda _: 1),
        changes=LruCache(MAX_CHANGED, lambda placed: placed.rows.size),
        dataset_versions=settings.dataset_versions,
        fold_after=timedelta(minutes=settings.fold_minutes),
        changes_kept=timedelta(hours=settings.changes_hours),
        erasure_notice=timedelta(days=settings.erasure_notice_days),
    )
