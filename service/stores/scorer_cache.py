"""LRU cache of deserialized scorers."""

from models.scoring import Scorer
from service.stores.artifacts import ArtifactRef, Artifacts
from service.stores.lru_cache import CacheStats, LruCache

SCORER_FILE = "scorer.json"
MAX_SCORERS = 100


class ScorerCache:
    """LRU cache of scorers by model version; versions are immutable."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._cache: LruCache[ArtifactRef, Scorer] = LruCache(MAX_SCORERS, lambda _: 1)

    def get(self, ref: ArtifactRef) -> Scorer:
        """Return a version's scorer; its signature is verified when it is loaded."""
        return self._cache.get(
            ref, lambda: Scorer.from_bytes(self._artifacts.read(ref, SCORER_FILE))
        )

    def use(self) -> CacheStats:
        """Return the usage of this cache."""
        return self._cache.use()
