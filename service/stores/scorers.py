"""The scorers used last, ready in memory."""

from collections import OrderedDict
from threading import Lock

from models.scoring import Scorer
from service.stores.artifacts import ArtifactRef, Artifacts

SCORER_FILE = "scorer.json"
MOST_SCORERS = 100


class Scorers:
    """Scorers by version; a version never changes, so neither does its scorer."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._ready: OrderedDict[ArtifactRef, Scorer] = OrderedDict()
        self._lock = Lock()

    def get(self, ref: ArtifactRef) -> Scorer:
        """Give a version's scorer, verified when it was read."""
        with self._lock:
            scorer = self._ready.get(ref)
            if scorer is not None:
                self._ready.move_to_end(ref)
                return scorer
        return self._keep(ref, Scorer.from_bytes(self._artifacts.read(ref, SCORER_FILE)))

    def _keep(self, ref: ArtifactRef, scorer: Scorer) -> Scorer:
        with self._lock:
            self._ready[ref] = scorer
            if len(self._ready) > MOST_SCORERS:
                self._ready.popitem(last=False)
        return scorer
