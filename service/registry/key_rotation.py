"""Signed manifests after a change of keys."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from service.registry import operations, repository
from service.registry.rows import ModelRow, VersionRow
from service.stores import Stores
from service.stores.artifacts import ArtifactDamaged

Outcome = Literal["signed", "unchanged", "damaged"]


@dataclass(frozen=True, kw_only=True)
class ResignedFile:
    """What became of one version's manifest."""

    tenant: str
    model: str
    version: int
    outcome: Outcome


def resign_all(stores: Stores) -> list[ResignedFile]:
    """Have the newest key sign the files of every version that is ready."""
    with stores.database.reading() as session:
        ready = repository.list_ready(session)
    return [
        ResignedFile(
            tenant=model.tenant, model=model.name, version=version.number, outcome=_outcome(stores, model, version)
        )
        for model, version in ready
    ]


def count(signed: list[ResignedFile]) -> Counter[Outcome]:
    """Count what became of them."""
    return Counter(one.outcome for one in signed)


def _outcome(stores: Stores, model: ModelRow, version: VersionRow) -> Outcome:
    try:
        return "signed" if stores.artifacts.sign_anew(operations.artifact_ref(model, version)) else "unchanged"
    except ArtifactDamaged:
        return "damaged"
