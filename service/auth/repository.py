"""Verbs on the table of keys."""

from sqlalchemy import exists, select

from service.auth.rows import KeyRow
from service.errors import NotFound
from service.stores.database import Session


def find_key(session: Session, key_id: str) -> KeyRow | None:
    """Find a key by its id."""
    return session.get(KeyRow, key_id)


def get_key(session: Session, key_id: str) -> KeyRow:
    """Get a key by its id."""
    row = find_key(session, key_id)
    if row is None:
        raise NotFound(f"There is no key {key_id}")
    return row


def list_keys(session: Session, tenant: str | None) -> list[KeyRow]:
    """List a tenant's keys, or everyone's, the oldest first."""
    query = select(KeyRow).order_by(KeyRow.created_at, KeyRow.id)
    return list(session.scalars(query if tenant is None else query.where(KeyRow.tenant == tenant)))


def has_keys(session: Session) -> bool:
    """Tell whether there has ever been a key."""
    return bool(session.scalar(select(exists().select_from(KeyRow))))
