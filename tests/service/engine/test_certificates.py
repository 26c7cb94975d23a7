"""Certificates for an engine on several machines."""

import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.x509 import load_pem_x509_certificate

from service.engine.certificates import NAMES, NO_EXPIRY, issue_certificates, make_certificates
from service.healthcheck import is_healthy


@pytest.fixture
def made(tmp_path):
    assert make_certificates(tmp_path / "made", days=1)
    return tmp_path / "made"


@pytest.fixture
def lets_in(made):
    """An address at which whoever has these certificates is let in, again and again."""
    context = context_of(ssl.Purpose.CLIENT_AUTH, made)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=keep_answering, args=(context, listening), daemon=True).start()
        yield f"tls://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


def keep_answering(context, listening) -> None:
    while True:
        try:
            connection = listening.accept()[0]
        except OSError:
            return
        try:
            context.wrap_socket(connection, server_side=True).close()
        except ssl.SSLError:
            connection.close()


def context_of(purpose, directory) -> ssl.SSLContext:
    context = ssl.create_default_context(purpose, cafile=directory / "ca.pem")
    context.load_cert_chain(directory / "certificate.pem", directory / "key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = (
        ssl.TLSVersion.TLSv1_2
    )  # in which a handshake ends with both sides content
    return context


def settings_for(directory) -> dict[str, str]:
    named = zip(("CA", "CERTIFICATE", "KEY"), NAMES, strict=True)
    return {f"SEGMENTATION_ENGINE_{setting}": str(directory / name) for setting, name in named}


def test_a_client_with_the_certificates_is_accepted(made, lets_in):
    assert is_healthy(lets_in, settings_for(made))


def test_a_client_with_other_certificates_is_refused(lets_in, tmp_path):
    make_certificates(tmp_path / "others", days=1)
    assert not is_healthy(lets_in, settings_for(tmp_path / "others"))


def test_certificate_files_are_private(made):
    modes = {stat.S_IMODE(path.stat().st_mode) for path in made.iterdir()}
    assert (modes, stat.S_IMODE(made.stat().st_mode)) == ({0o600}, 0o700)


def test_the_signing_key_of_the_authority_is_not_kept(made):
    assert sorted(path.name for path in made.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize(("renew", "changed"), [(False, False), (True, True)])
def test_existing_certificates_stay_unless_renewed(made, renew, changed):
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    assert make_certificates(made, days=1, renew=renew) is changed
    assert all((path.read_bytes() != before[path.name]) is changed for path in made.iterdir())


def test_an_address_without_a_server_is_unhealthy(made):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert not any(
        is_healthy(f"{scheme}://127.0.0.1:{port}", settings_for(made)) for scheme in ("http", "tls")
    )


def test_certificates_are_valid_for_the_requested_days_on_late_clocks_too(
    made,
):
    certificate = load_pem_x509_certificate((made / "certificate.pem").read_bytes())
    now = datetime.now(UTC)
    assert certificate.not_valid_before_utc < now - timedelta(days=7)
    assert now + timedelta(hours=23) < certificate.not_valid_after_utc < now + timedelta(days=1)


@pytest.mark.parametrize("part", ["ca", "certificate"])
def test_no_clock_ends_the_certificates_of_an_embedded_engine(part):
    issued = load_pem_x509_certificate(getattr(issue_certificates(NO_EXPIRY), part).encode())
    assert (issued.not_valid_before_utc.year, issued.not_valid_after_utc.year) == (1970, 9999)
