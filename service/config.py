"""Settings of the service, read from environment variables with the prefix `SEGMENTATION_`."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.config_types import (
    ByteSize,
    DatabaseUrl,
    SchedulerAddress,
    StorageLocation,
    resolve_location,
    setting_error,
)

PREFIX = "SEGMENTATION_"


class Settings(BaseSettings):
    """Settings of the service; with the defaults, it needs no other program."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, hide_input_in_errors=True)

    home: Path = Field(
        default=Path("var"),
        description="The one directory that holds everything of the embedded defaults.",
    )
    database_url: DatabaseUrl | None = Field(
        default=None,
        description="SQLAlchemy address of the metadata, such as `postgresql+psycopg://…`. "
        "Absent: a SQLite file in the home directory.",
    )
    database_password_file: Path | None = Field(
        default=None,
        description="File with the database's password, which the address then need not hold.",
    )
    database_connections: int = Field(
        default=20,
        ge=1,
        le=1_000,
        description="How many connections to PostgreSQL one process opens at most; each worker "
        "needs one.",
    )
    tables: StorageLocation | None = Field(
        default=None,
        description="Directory of the customer tables, or an address such as `s3://bucket/tables`. "
        "Absent: `tables` in the home directory.",
    )
    artifacts: StorageLocation | None = Field(
        default=None,
        description="Directory of the model files, or an address such as `s3://bucket/artifacts`. "
        "Absent: `artifacts` in the home directory.",
    )
    signing_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Secret that signs model files; further lines hold others that were used "
        "before. Absent: read from the signing key file.",
    )
    signing_key_file: Path | None = Field(
        default=None,
        description="File with the signing key, made on the first start; the first line signs, all "
        "of them verify. "
        "Absent: `keys/signing.key` in the home directory, outside the artifact store.",
    )
    bootstrap_key: SecretStr | None = Field(
        default=None,
        description="The first key, of the tenant `default` with every scope; counts while there "
        "has never been one.",
    )
    bootstrap_key_file: Path | None = Field(
        default=None,
        description="File with the first key, as container platforms hand secrets over.",
    )
    engine_address: SchedulerAddress | None = Field(
        default=None,
        description="Dask scheduler that runs the jobs, such as `tls://cluster:8786`. "
        "Absent: an embedded one on 127.0.0.1.",
    )
    engine_ca: Path | None = Field(
        default=None,
        description="PEM file of the authority that a `tls://` engine's certificates are signed "
        "by.",
    )
    engine_certificate: Path | None = Field(
        default=None,
        description="PEM file of the certificate with which this process takes part in a `tls://` "
        "engine.",
    )
    engine_key: Path | None = Field(
        default=None, description="PEM file of the private key of that certificate."
    )
    processes: int = Field(
        default=1,
        ge=1,
        le=64,
        description="API processes that `serve` runs on one port.",
    )
    workers: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Worker processes of the embedded engine, or of one `worker` command.",
    )
    worker_memory: ByteSize = Field(
        default="6GiB",
        description="Memory at which one worker is ended, its job tried again.",
    )
    job_attempts: int = Field(
        default=3, ge=1, le=10, description="How often a job is started before it fails."
    )
    requests_per_minute: int = Field(
        default=60_000,
        ge=1,
        description="How many requests a key may send to one service, with all its processes, in a "
        "minute.",
    )
    unfinished_jobs: int = Field(
        default=1000,
        ge=1,
        description="How many jobs may wait or run at once; a request for one more is answered "
        "429.",
    )
    unfinished_jobs_per_tenant: int = Field(
        default=100, ge=1, description="How many of them may be of one tenant."
    )
    job_followers: int = Field(
        default=1000,
        ge=1,
        description="How many requests may follow jobs by events in one process; one more is "
        "answered 503.",
    )
    dataset_versions: int = Field(
        default=20,
        ge=1,
        description="How many versions of a dataset are kept beside those that a model learned "
        "from.",
    )
    fold_minutes: float = Field(
        default=60,
        gt=0,
        description="After about how many minutes the changes of a dataset are merged into its "
        "stored table, if they are too few for that before.",
    )
    changes_hours: float = Field(
        default=24,
        gt=0,
        description="How many hours the changes of a dataset are listed after they were written.",
    )
    erasure_notice_days: float = Field(
        default=7,
        ge=0,
        description="How many days the changes of a dataset may name a customer who was erased, so "
        "that its readers can erase the customer, too; 0: not beyond the erasure's job.",
    )
    head_seconds: float = Field(
        default=10,
        gt=0,
        description="How long a connection may take to send the head of a request.",
    )
    body_seconds: float = Field(
        default=300,
        gt=0,
        description="How long the body of a request may take to arrive, however large it is.",
    )
    answer_seconds: float = Field(
        default=60,
        gt=0,
        description="How long a client may leave an answer unread before its connection is closed.",
    )
    document_bytes: int = Field(
        default=2**18,
        ge=1,
        description="Largest JSON body that is not a table of customers, in bytes.",
    )
    body_memory: int = Field(
        default=2**32,
        ge=1,
        description="How much memory all bodies together may take until they are answered, in "
        "bytes, as estimated from their sizes as sent and then as unpacked; each API process has "
        "an equal share. A request for more than is free waits, and is then answered 503; a table "
        "for more than the share waits until it has all of it.",
    )
    json_depth: int = Field(
        default=32, ge=1, le=200, description="How deeply a JSON document may be nested."
    )
    table_bytes: int = Field(
        default=2**31,
        ge=1,
        description="Largest body that is a table of customers or transactions, in bytes as sent.",
    )
    table_memory: int = Field(
        default=2**30,
        ge=1,
        description="Largest Arrow or Parquet table once it is unpacked, in bytes. The process "
        "that unpacks it may take 256 MiB more, the API process four times as much.",
    )
    table_rows: int = Field(default=10_000_000, ge=1, description="How many rows a table may have.")
    table_columns: int = Field(default=1000, ge=1, description="How many columns a table may have.")
    table_cells: int = Field(
        default=100_000_000, ge=1, description="How many cells, rows times columns, it may have."
    )
    cell_characters: int = Field(
        default=65_536, ge=1, description="How long the text in a cell may be."
    )
    table_readers: int = Field(
        default=2,
        ge=1,
        le=64,
        description="How many Arrow and Parquet bodies one process reads at once, each in a "
        "process of its own.",
    )
    table_seconds: float = Field(
        default=120,
        gt=0,
        description="How long such a body may take to be read, and how long it may wait for its "
        "turn.",
    )
    assignment_bytes: int = Field(
        default=2**24,
        ge=1,
        description="Largest body with customers to be assigned at once, in bytes; unpacked, it "
        "may take 16 times as many. A run assigns more, as a dataset.",
    )
    assignment_rows: int = Field(
        default=100_000, ge=1, description="How many customers are assigned at once."
    )
    fit_segments: int = Field(
        default=1000, ge=1, description="Largest number of segments of a fit."
    )
    fit_cells: int = Field(
        default=100_000_000,
        ge=1,
        description="Largest number of cells of a fit: customers times features.",
    )
    fit_memory: int = Field(
        default=2**32,
        ge=1,
        description="Largest memory of a fit in bytes, as estimated before its job starts.",
    )
    min_category_customers: int = Field(
        default=5,
        ge=1,
        le=1_000,
        description="Smallest number of customers of a category that a fit learns; at most 5 % of "
        "the customers are left out that way.",
    )
    comparison_rows: int = Field(
        default=2_000_000,
        ge=1,
        description="Largest number of customers by which two versions are compared. For more, "
        "start a run of each.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="Lowest level of the log lines that are written.",
    )

    @model_validator(mode="after")
    def _has_certificates(self) -> Self:
        """Require all three certificate settings for a TLS engine."""
        is_set = [
            path is not None for path in (self.engine_ca, self.engine_certificate, self.engine_key)
        ]
        if not all(is_set) and (any(is_set) or (self.engine_address or "").startswith("tls:")):
            raise setting_error(
                "An engine over TLS needs SEGMENTATION_ENGINE_CA, SEGMENTATION_ENGINE_CERTIFICATE "
                "and SEGMENTATION_ENGINE_KEY"
            )
        return self

    def database_address(self) -> str:
        """Return the database URL with the password.

        By default the SQLite file in the home directory.
        """
        if self.database_url is None:
            return f"sqlite:///{self.home.resolve() / 'metadata.sqlite'}"
        address = self.database_url.get_secret_value()
        if self.database_password_file is None:
            return address
        from sqlalchemy.engine import make_url  # noqa: PLC0415 - takes 0.2 s, which would delay the engine's start

        password = self.database_password_file.read_text().strip()
        return make_url(address).set(password=password).render_as_string(hide_password=False)

    def tables_directory(self) -> Path | str:
        """Return the directory or the object store URL of the customer tables."""
        return resolve_location(self.tables, self.home / "tables")

    def artifacts_directory(self) -> Path | str:
        """Return the directory or the object store URL of the model files."""
        return resolve_location(self.artifacts, self.home / "artifacts")

    def signing_key_path(self) -> Path:
        return (self.signing_key_file or self.home / "keys" / "signing.key").resolve()

    def first_key(self) -> str | None:
        """Return the bootstrap key, if one is set."""
        if self.bootstrap_key:
            return self.bootstrap_key.get_secret_value()
        return self.bootstrap_key_file.read_text().strip() if self.bootstrap_key_file else None

    def engine_directory(self) -> Path:
        """Return the private directory of the embedded engine's scheduler file."""
        return (self.home / "engine").resolve()

    def environment(self) -> dict[str, str]:
        """Return the settings as environment variables of the engine, without the bootstrap key."""
        variables = {}
        for name, value in self:
            if value is not None and not name.startswith("bootstrap_key"):
                text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
                variables[PREFIX + name.upper()] = text
        return variables
