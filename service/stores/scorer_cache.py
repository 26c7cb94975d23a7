"""The scorers used last, ready in memory."""

from models.scoring import Scorer
from service.stores.artifacts import ArtifactRef, Artifacts
from service.stores.lru_cache import CacheStats, LruCache

SCORER_FILE = "scorer.json"
MOST_SCORERS = 100


class ScorerCache:
    """Scorers by version; a version never changes, so neither does its scorer."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._ready: LruCache[ArtifactRef, Scorer] = LruCache(MOST_SCORERS, lambda _: 1)

    def get(self, ref: ArtifactRef) -> Scorer:
        """Give a version's scorer, verified when it was read."""
        return self._ready.get(ref, lambda: Scorer.from_bytes(self._artifacts.read(ref, SCORER_FILE)))

    def use(self) -> CacheStats:
        """Tell how they are used."""
        return self._ready.use()
