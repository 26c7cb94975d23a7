"""Model files with signed manifests.

No byte is deserialized before its signature and hash are verified.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path

from service.errors import ServiceError
from service.storage import open_storage

MANIFEST = "manifest.json"


class ArtifactDamaged(ServiceError):
    """A stored model file is missing or does not match its signature; it was not used."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


@dataclass(frozen=True, kw_only=True)
class ArtifactRef:
    """Reference to the files that one attempt at one version of one model wrote."""

    tenant: str
    model: str
    version: int
    attempt: int

    def directory(self) -> str:
        """Return the files' directory, relative to the store."""
        return f"{self.parent()}/{self.attempt}"

    def parent(self) -> str:
        """Return the directory of all attempts at this version, relative to the store."""
        return f"{self.tenant}/{self.model}/{self.version}"


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A file's entry in the manifest."""

    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Manifest of one attempt's files.

    Their hashes, their model version, and the libraries that wrote them.
    """

    tenant: str
    model: str
    version: int
    attempt: int
    files: Mapping[str, StoredFile]
    library_versions: Mapping[str, str]

    def encoded(self) -> bytes:
        """Return the canonical JSON, which is signed."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()


class Artifacts:
    """Model files in a directory or an object store.

    `key` signs; a signature by any of `others` is valid, too.
    """

    def __init__(self, root: Path | str, key: bytes, *others: bytes) -> None:
        self.files = open_storage(root)
        self._key = key
        self._others = others

    def save(
        self, ref: ArtifactRef, files: Mapping[str, bytes], library_versions: Mapping[str, str]
    ) -> Manifest:
        """Write all files and then their signed manifest, which makes them readable."""
        stored = {
            name: StoredFile(sha256=_sha256(data), bytes=len(data)) for name, data in files.items()
        }
        manifest = Manifest(**asdict(ref), files=stored, library_versions=dict(library_versions))
        self.files.publish(ref.directory(), {**files, MANIFEST: self._sign(manifest.encoded())})
        return manifest

    def read(self, ref: ArtifactRef, name: str) -> bytes:
        """Read one file after verifying the manifest's signature and the file's hash.

        Raises ArtifactDamaged.
        """
        manifest = self._verified(ref)
        data = self._bytes(ref, name)
        stored = manifest["files"].get(name)
        if stored is None or not hmac.compare_digest(_sha256(data), stored["sha256"]):
            raise ArtifactDamaged(
                f"The file {name} of version {ref.version} does not match its signed manifest"
            )
        return data

    def holds(self, ref: ArtifactRef, name: str) -> bool:
        """Return whether the signed manifest lists a file."""
        return name in self._verified(ref)["files"]

    def sign_again(self, ref: ArtifactRef) -> bool:
        """Sign a manifest again with the current key; return False if it already is."""
        body, signature = self._verify(ref)
        _check_owner(json.loads(body), ref)
        if hmac.compare_digest(_signature(self._key, body), signature):
            return False
        self.files.replace(f"{ref.directory()}/{MANIFEST}", self._sign(body))
        return True

    def discard(self, ref: ArtifactRef) -> None:
        """Remove the files of one attempt."""
        self.files.remove(ref.directory())

    def discard_before(self, ref: ArtifactRef) -> None:
        """Remove the files of all earlier attempts at this version, finished or not."""
        for name in self.files.names(ref.parent()):
            if int(name.removeprefix(".").partition("-")[0]) < ref.attempt:
                self.files.remove(f"{ref.parent()}/{name}")

    def discard_version(self, ref: ArtifactRef) -> None:
        """Remove the files of all attempts at this version, finished or not."""
        self.files.remove(ref.parent())

    def answers(self) -> bool:
        """Return whether the store can be reached."""
        return self.files.answers()

    def has_free_space(self) -> bool:
        return self.files.has_free_space()

    def _verified(self, ref: ArtifactRef) -> dict[str, dict[str, dict[str, str]]]:
        manifest: dict[str, dict[str, dict[str, str]]] = json.loads(self._verify(ref)[0])
        _check_owner(manifest, ref)
        return manifest

    def _verify(self, ref: ArtifactRef) -> tuple[bytes, str]:
        """Return a manifest's signed bytes and signature, after verifying it against all keys."""
        try:
            envelope = json.loads(self._bytes(ref, MANIFEST))
            body = envelope["manifest"].encode()
            signature = str(envelope["signature"]).encode("ascii", "replace").decode()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArtifactDamaged(
                f"The manifest of version {ref.version} cannot be read"
            ) from error
        if not any(
            hmac.compare_digest(_signature(key, body), signature)
            for key in (self._key, *self._others)
        ):
            raise ArtifactDamaged(
                f"The manifest of version {ref.version} does not carry this service's signature"
            )
        return body, signature

    def _sign(self, body: bytes) -> bytes:
        return json.dumps(
            {"manifest": body.decode(), "signature": _signature(self._key, body)}
        ).encode()

    def _bytes(self, ref: ArtifactRef, name: str) -> bytes:
        try:
            return self.files.read(f"{ref.directory()}/{name}")
        except OSError as error:
            raise ArtifactDamaged(
                f"The file {name} of version {ref.version} cannot be read"
            ) from error


def _check_owner(manifest: Mapping[str, object], ref: ArtifactRef) -> None:
    if {name: manifest[name] for name in asdict(ref)} != asdict(ref):
        raise ArtifactDamaged(
            f"The manifest found for version {ref.version} belongs to other files"
        )


def _signature(key: bytes, body: bytes) -> str:
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
