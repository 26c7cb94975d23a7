"""Reader processes that all tests of a worker share: to start one takes a third of a second."""

import atexit
from typing import Final

from service.web.formats import ReaderPool

READERS: Final = ReaderPool()
atexit.register(READERS.close)
