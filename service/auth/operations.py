"""Keys are made, found and revoked."""

import hmac
import re
from datetime import datetime, timedelta
from typing import Final

from service.auth import repository
from service.auth.api_keys import check_well_formed, generate_key, hash_key, key_id
from service.auth.rows import KeyRow
from service.errors import InvalidRequest
from service.principals import DEFAULT_TENANT, Principal, Scope, implied_scopes
from service.stores.database import Database, Session, now
from service.web.schemas import NAME

BOOTSTRAP: Final = "bootstrap"


def create_key(
    database: Database, *, tenant: str, name: str, scope: Scope, lifetime: timedelta | None = None
) -> tuple[str, KeyRow]:
    """Make a key; it is given once, here, and not kept."""
    for label in (tenant, name):
        if not re.fullmatch(NAME, label):
            raise InvalidRequest("Tenants and keys are named by small letters, digits, - and _, a letter first")
    key = generate_key()
    expires_at = None if lifetime is None else now() + lifetime
    row = _row_of(key, tenant=tenant, name=name, scope=scope, expires_at=expires_at)
    with database.writing() as session:
        session.add(row)
    return key, row


def create_bootstrap_key(database: Database, key: str) -> bool:
    """Take the first key from the settings; where there has been any key before, nothing is changed."""
    check_well_formed(key)
    with database.writing() as session:
        if repository.has_keys(session):
            return False
        session.add(_row_of(key, tenant=DEFAULT_TENANT, name=BOOTSTRAP, scope="admin", expires_at=None))
    return True


def has_keys(database: Database) -> bool:
    """Tell whether there has ever been a key."""
    with database.reading() as session:
        return repository.has_keys(session)


def revoke_key(database: Database, key_id: str) -> KeyRow:
    """Revoke a key, for good."""
    with database.writing() as session:
        row = repository.get_key(session, key_id)
        row.revoked_at = row.revoked_at or now()
    return row


def caller_with(session: Session, digest: str) -> Principal | None:
    """Tell who calls with the key of a digest, if it is one that is neither expired nor revoked."""
    row = repository.find_key(session, key_id(digest))
    if row is None or not hmac.compare_digest(row.digest, digest) or state_of(row) != "live":
        return None
    return Principal(
        tenant=row.tenant, name=row.name, key=row.id, scopes=implied_scopes(row.scope), expires_at=row.expires_at
    )


def state_of(row: KeyRow) -> str:
    """Tell whether a key is live, expired or revoked."""
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now() else "live"


def _row_of(key: str, *, tenant: str, name: str, scope: Scope, expires_at: datetime | None) -> KeyRow:
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
