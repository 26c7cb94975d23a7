"""From the bytes of a body to those of its answer, on the shortest way that there is for so many customers."""

from io import BytesIO
from typing import Final, NamedTuple

from models.errors import SegmentationError
from service.assignments.asking import Asked
from service.assignments.decoding import LEAST_DEPTH, Decoded, decode
from service.assignments.operations import Placer, place_customers, place_each, warnings_of
from service.assignments.reading import Customers
from service.assignments.routes import NOUN
from service.assignments.writing import tabulate, write, write_few
from service.config import Settings
from service.errors import InvalidRequest, ServiceError
from service.web.bodies import bounds_of_few
from service.web.formats import Bounds, ReaderPool, read_patch
from service.web.formats.writing import JSON, stream

FEW: Final = 32  # customers: beyond, columns are faster


class Answer(NamedTuple):
    """What is sent, and how many customers were placed."""

    body: bytes
    n_placed: int


class Answers:
    """Answers bodies; None for what has to be looked at more closely, be it only to say what is wrong with it."""

    def __init__(self, settings: Settings, readers: ReaderPool) -> None:
        self._readers = readers
        self._bounds: Bounds = bounds_of_few(settings)
        self._reads_json = settings.json_depth >= LEAST_DEPTH

    def to(self, asked: Asked, placer: Placer, body: bytes) -> Answer | None:
        """Answer a body that is there as a whole."""
        if not asked.is_json:
            return _by_column(asked, placer, self._read(body, asked.media_type))
        decoded = decode(body, placer.shape, self._bounds) if self._reads_json else None
        if decoded is None:
            return None
        return _one_by_one(asked, placer, decoded) or _by_column(asked, placer, decoded.customers())

    def _read(self, body: bytes, media_type: str) -> Customers | None:
        try:
            return Customers.of_table(read_patch(BytesIO(body), media_type, self._bounds, self._readers).table)
        except (ServiceError, SegmentationError):
            return None


def _one_by_one(asked: Asked, placer: Placer, decoded: Decoded) -> Answer | None:
    """Place customers alone; None if they are not few and plain."""
    if len(decoded.rows) > FEW or asked.options.explain or placer.special or asked.fmt != JSON:
        return None
    placed = place_each(placer, decoded.cells())
    return Answer(write_few(placer, placed, warnings_of(decoded.beside)), len(placed)) if placed else None


def _by_column(asked: Asked, placer: Placer, customers: Customers | None) -> Answer | None:
    if customers is None:
        return None
    try:
        placed = place_customers(placer, customers, atomic=asked.options.atomic, explain=asked.options.explain)
    except InvalidRequest:
        return None
    n_placed = customers.n_rows - len(placed.faults)
    if asked.fmt == JSON:
        return Answer(write(placed), n_placed)
    table = tabulate(placed)
    return Answer(b"".join(stream(table.to_batches(), table.schema, asked.fmt, NOUN)), n_placed)
