"""`python -m service.healthcheck ADDRESS`.

Exits with 0 if the address responds; for containers without curl.
"""

import os
import socket
import ssl
import sys
from collections.abc import Mapping
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit
from urllib.request import urlopen

TIMEOUT_SECONDS: Final = 4.0


def is_healthy(address: str, environment: Mapping[str, str]) -> bool:
    """Check a GET of an `http://` URL, or a TLS handshake with a `tls://` scheduler."""
    try:
        if address.startswith("tls://"):
            _tls_handshake(address, environment)
        else:
            urlopen(address, timeout=TIMEOUT_SECONDS).close()  # noqa: S310 - the operator chooses the address
    except (OSError, HTTPException):
        return False
    return True


def _tls_handshake(address: str, environment: Mapping[str, str]) -> None:
    ca, certificate, key = (
        environment[f"SEGMENTATION_ENGINE_{name}"] for name in ("CA", "CERTIFICATE", "KEY")
    )
    context = ssl.create_default_context(cafile=ca)
    # Dask's certificates name no host; the private authority identifies them.
    context.check_hostname = False
    context.load_cert_chain(certificate, key)
    url = urlsplit(address)
    with socket.create_connection((url.hostname, url.port), TIMEOUT_SECONDS) as connection:
        context.wrap_socket(connection).close()


if __name__ == "__main__":
    sys.exit(not is_healthy(sys.argv[1], os.environ))
