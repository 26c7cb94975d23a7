"""What is remembered where."""

from dataclasses import dataclass

from service.config import Settings
from service.stores.artifacts import Artifacts, read_or_make_key
from service.stores.database import Database
from service.stores.scorers import Scorers
from service.stores.tables import Tables


@dataclass(frozen=True, kw_only=True)
class Stores:
    """The three stores that must agree: metadata, customer tables, model files.

    `scorers` are model files ready in memory; `dataset_versions` says how many versions of a dataset are kept beside
    those that a model learned from.
    """

    database: Database
    tables: Tables
    artifacts: Artifacts
    scorers: Scorers
    dataset_versions: int


def open_stores(settings: Settings) -> Stores:
    """Open the stores that the settings name."""
    given = settings.signing_key
    key = given.get_secret_value().encode() if given else read_or_make_key(settings.signing_key_path())
    artifacts = Artifacts(settings.artifacts_directory(), key)
    return Stores(
        database=Database(settings.database_address()),
        tables=Tables(settings.tables_directory()),
        artifacts=artifacts,
        scorers=Scorers(artifacts),
        dataset_versions=settings.dataset_versions,
    )
