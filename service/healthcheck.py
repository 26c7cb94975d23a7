"""`python -m service.healthcheck ADDRESS`: ends well if somebody answers there; for containers, which know no curl."""

import os
import socket
import ssl
import sys
from collections.abc import Mapping
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit
from urllib.request import urlopen

PATIENCE: Final = 4.0  # seconds


def is_healthy(address: str, environment: Mapping[str, str]) -> bool:
    """Tell whether an `http://` page can be read, or a `tls://` scheduler lets in whoever has our certificates."""
    try:
        if address.startswith("tls://"):
            _tls_handshake(address, environment)
        else:
            urlopen(address, timeout=PATIENCE).close()  # noqa: S310 - whoever starts containers chooses the address
    except (OSError, HTTPException):
        return False
    return True


def _tls_handshake(address: str, environment: Mapping[str, str]) -> None:
    ca, certificate, key = (environment[f"SEGMENTATION_ENGINE_{name}"] for name in ("CA", "CERTIFICATE", "KEY"))
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False  # Dask knows its own by their authority
    context.load_cert_chain(certificate, key)
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port), PATIENCE) as connection:
        context.wrap_socket(connection).close()


if __name__ == "__main__":
    sys.exit(not is_healthy(sys.argv[1], os.environ))
