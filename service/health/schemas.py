"""The state of the service on the wire."""

from typing import Literal

from service.web.schemas import Wire

Part = Literal["ok", "unavailable"]


class Alive(Wire):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Wire):
    """What is there, and what is missing."""

    status: Part
    database: Part
    engine: Part


class Release(Wire):
    """Which release this is."""

    version: str
