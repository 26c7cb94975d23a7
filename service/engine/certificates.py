"""TLS certificates of a job engine.

One certificate, signed by a certificate authority whose key is discarded.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.engine.scheduler_file import TlsCredentials
from service.system.private_files import write_private

AUTHORITY: Final = "segmentation engine authority"
NAMES: Final = ("ca.pem", "certificate.pem", "key.pem")
# The validity begins earlier by this, as the machines' clocks may differ.
_CLOCK_SKEW: Final = timedelta(days=30)


class Validity(NamedTuple):
    """Validity period of certificates."""

    begin: datetime
    end: datetime


# An embedded engine issues its certificates at each start, readable by this user only, and deletes
# them when it stops.
# RFC 5280.
NO_EXPIRY: Final = Validity(
    datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
)


def make_certificates(directory: Path, *, days: int, renew: bool = False) -> bool:
    """Write `ca.pem`, `certificate.pem` and `key.pem` to a directory.

    Return False if they exist and `renew` is off.
    """
    if not renew and all((directory / name).exists() for name in NAMES):
        return False
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = datetime.now(UTC)
    issued = issue_certificates(Validity(now - _CLOCK_SKEW, now + timedelta(days=days)))
    for name, pem in zip(NAMES, (issued.ca, issued.certificate, issued.key), strict=True):
        write_private(directory / name, pem.encode())
    return True


def issue_certificates(validity: Validity) -> TlsCredentials:
    """Issue one certificate for all processes of an engine.

    The authority's private key is discarded.
    """
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _sign(AUTHORITY, authority, authority, validity, ca=True)
    certificate = _sign("segmentation engine", key, authority, validity, ca=False)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return TlsCredentials(
        ca=_certificate_pem(ca), certificate=_certificate_pem(certificate), key=pem.decode()
    )


def _sign(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    authority: ec.EllipticCurvePrivateKey,
    validity: Validity,
    *,
    ca: bool,
) -> x509.Certificate:
    issuer_id = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(_common_name(name))
        .issuer_name(_common_name(AUTHORITY))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.begin)
        .not_valid_after(validity.end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
        .add_extension(_key_usage(ca=ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id),
            critical=False,
        )
        .sign(authority, hashes.SHA256())
    )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _certificate_pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
