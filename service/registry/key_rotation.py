"""Re-signing of artifact manifests after a key rotation."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from service.registry import operations, repository
from service.registry.rows import ModelRow, VersionRow
from service.stores import Stores
from service.stores.artifacts import ArtifactDamaged

Outcome = Literal["signed", "unchanged", "damaged"]


@dataclass(frozen=True, kw_only=True)
class SigningResult:
    """Result of re-signing the manifest of one version."""

    tenant: str
    model: str
    version: int
    outcome: Outcome


def sign_all(stores: Stores) -> list[SigningResult]:
    """Sign the files of every ready version with the newest key."""
    with stores.database.reading() as session:
        ready = repository.list_ready(session)
    return [
        SigningResult(
            tenant=model.tenant,
            model=model.name,
            version=version.number,
            outcome=_outcome(stores, model, version),
        )
        for model, version in ready
    ]


def count(results: list[SigningResult]) -> Counter[Outcome]:
    """Count the results by outcome."""
    return Counter(result.outcome for result in results)


def _outcome(stores: Stores, model: ModelRow, version: VersionRow) -> Outcome:
    try:
        return (
            "signed"
            if stores.artifacts.sign_again(operations.artifact_ref(model, version))
            else "unchanged"
        )
    except ArtifactDamaged:
        return "damaged"
