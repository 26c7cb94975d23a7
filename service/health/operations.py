"""Looks whether the parts of the service are there."""

from sqlalchemy.exc import SQLAlchemyError

from service.engine import Engine
from service.health.schemas import Part, Readiness
from service.stores.database import Database


def check(database: Database, engine: Engine) -> Readiness:
    """Ask each part that requests need."""
    parts: dict[str, Part] = {"database": _database(database), "engine": "ok" if engine.ready() else "unavailable"}
    status: Part = "ok" if set(parts.values()) == {"ok"} else "unavailable"
    return Readiness(status=status, **parts)


def _database(database: Database) -> Part:
    try:
        database.ping()
    except SQLAlchemyError:
        return "unavailable"
    return "ok"
