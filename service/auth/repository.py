"""Queries on the table of API keys."""

from sqlalchemy import exists, select

from service.auth.rows import KeyRow
from service.errors import NotFound
from service.stores.database import Session


def find_key(session: Session, key_id: str) -> KeyRow | None:
    return session.get(KeyRow, key_id)


def get_key(session: Session, key_id: str) -> KeyRow:
    """Return a key by its id. Raises NotFound."""
    row = find_key(session, key_id)
    if row is None:
        raise NotFound(f"There is no key {key_id}")
    return row


def list_keys(session: Session, tenant: str | None) -> list[KeyRow]:
    """List the keys of a tenant, or of all tenants, oldest first."""
    query = select(KeyRow).order_by(KeyRow.created_at, KeyRow.id)
    return list(session.scalars(query if tenant is None else query.where(KeyRow.tenant == tenant)))


def has_keys(session: Session) -> bool:
    """Return whether a key has ever been created; revoked keys count."""
    return bool(session.scalar(select(exists().select_from(KeyRow))))
