"""What is remembered where."""

from dataclasses import dataclass
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

MOST_SUBJECTS = 4
MOST_COUNTS = 100
ROOM_FOR_DRAWINGS = 16 * 2**20  # bytes


@dataclass(frozen=True, kw_only=True)
class Stores:
    """The three stores that must agree: metadata, customer tables, model files.

    `scorers` are model files ready in memory, `subjects` what figures are drawn from, `drawings` the figures drawn
    last, and `counts` how many customers are where by the versions compared last; `dataset_versions` says how many
    versions of a dataset are kept beside those that a model learned from.
    """

    database: Database
    tables: Tables
    artifacts: Artifacts
    scorers: ScorerCache
    subjects: LruCache[str, Any]
    drawings: LruCache[str, bytes]
    counts: LruCache[str, Any]
    dataset_versions: int

    def caches(self) -> dict[str, CacheStats]:
        """Tell how what is kept in memory is used."""
        return {
            "scorers": self.scorers.use(),
            "subjects": self.subjects.use(),
            "drawings": self.drawings.use(),
            "counts": self.counts.use(),
        }


def open_stores(settings: Settings) -> Stores:
    """Open the stores that the settings name; directories of this machine become private."""
    for place in (settings.home, settings.tables_directory(), settings.artifacts_directory()):
        if isinstance(place, Path):
            make_private(place)
    artifacts = Artifacts(settings.artifacts_directory(), *signing_keys(settings))
    return Stores(
        database=Database(settings.database_address(), connections=settings.database_connections),
        tables=Tables(settings.tables_directory()),
        artifacts=artifacts,
        scorers=ScorerCache(artifacts),
        subjects=LruCache(MOST_SUBJECTS, lambda _: 1),
        drawings=LruCache(ROOM_FOR_DRAWINGS, len),
        counts=LruCache(MOST_COUNTS, lambda _: 1),
        dataset_versions=settings.dataset_versions,
    )
