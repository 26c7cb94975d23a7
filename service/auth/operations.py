"""Creation, lookup and revocation of API keys."""

import hmac
import re
from datetime import datetime, timedelta
from typing import Final

from service.auth import repository
from service.auth.api_keys import check_key_format, generate_key, hash_key, key_id
from service.auth.rows import KeyRow
from service.errors import InvalidRequest
from service.principals import DEFAULT_TENANT, Principal, Scope, implied_scopes
from service.stores.database import Database, Session, now
from service.web.schemas import NAME

BOOTSTRAP: Final = "bootstrap"


def create_key(
    database: Database, *, tenant: str, name: str, scope: Scope, lifetime: timedelta | None = None
) -> tuple[str, KeyRow]:
    """Create a key. The key itself is returned only here; its hash is stored."""
    for label in (tenant, name):
        if not re.fullmatch(NAME, label):
            raise InvalidRequest(
                "Names of tenants and keys consist of lowercase letters, digits, - and _, and "
                "begin with a letter"
            )
    key = generate_key()
    expires_at = None if lifetime is None else now() + lifetime
    row = _row_of(key, tenant=tenant, name=name, scope=scope, expires_at=expires_at)
    with database.writing() as session:
        session.add(row)
    return key, row


def create_bootstrap_key(database: Database, key: str) -> bool:
    """Create the bootstrap key, unless a key has ever been created.

    Returns whether it was created.
    """
    check_key_format(key)
    with database.writing() as session:
        if repository.has_keys(session):
            return False
        session.add(
            _row_of(key, tenant=DEFAULT_TENANT, name=BOOTSTRAP, scope="admin", expires_at=None)
        )
    return True


def has_keys(database: Database) -> bool:
    """Return whether a key has ever been created."""
    with database.reading() as session:
        return repository.has_keys(session)


def revoke_key(database: Database, key_id: str) -> KeyRow:
    """Revoke a key permanently."""
    with database.writing() as session:
        row = repository.get_key(session, key_id)
        row.revoked_at = row.revoked_at or now()
    return row


def find_principal(session: Session, digest: str) -> Principal | None:
    """Return the principal of a key digest; None if it is unknown, expired or revoked."""
    row = repository.find_key(session, key_id(digest))
    if row is None or not hmac.compare_digest(row.digest, digest) or state_of(row) != "live":
        return None
    return Principal(
        tenant=row.tenant,
        name=row.name,
        key=row.id,
        scopes=implied_scopes(row.scope),
        expires_at=row.expires_at,
    )


def state_of(row: KeyRow) -> str:
    """Return `live`, `expired` or `revoked`."""
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now() else "live"


def _row_of(
    key: str, *, tenant: str, name: str, scope: Scope, expires_at: datetime | None
) -> KeyRow:
    digest = hash_key(key)
    return KeyRow(
        id=key_id(digest),
        digest=digest,
        tenant=tenant,
        name=name,
        scope=scope,
        created_at=now(),
        expires_at=expires_at,
    )
