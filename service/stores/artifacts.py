"""Model files under signed manifests: nothing is used before its bytes have been verified."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from service.errors import ServiceError
from service.storage import open_storage

MANIFEST = "manifest.json"


class ArtifactDamaged(ServiceError):
    """A stored model file is missing or does not match its signature; it was not used."""


@dataclass(frozen=True, kw_only=True)
class ArtifactRef:
    """Which files: those that one attempt at one version of one model wrote."""

    tenant: str
    model: str
    version: int
    attempt: int

    def directory(self) -> str:
        """Give the files' directory, relative to the store."""
        return f"{self.parent()}/{self.attempt}"

    def parent(self) -> str:
        """Give the directory of all attempts at this version."""
        return f"{self.tenant}/{self.model}/{self.version}"


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """What the manifest knows of one file."""

    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What belongs together: the files, who they belong to, and the libraries that wrote them."""

    tenant: str
    model: str
    version: int
    attempt: int
    files: Mapping[str, StoredFile]
    library_versions: Mapping[str, str]

    def encoded(self) -> bytes:
        """Give the canonical bytes, the ones that are signed."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()


class Artifacts:
    """The model files in one place, a directory or an object store; the keys are kept elsewhere.

    `key` signs; what one of `others` has signed is good, too.
    """

    def __init__(self, root: Path | str, key: bytes, *others: bytes) -> None:
        self.files = open_storage(root)
        self._key = key
        self._others = others

    def save(self, ref: ArtifactRef, files: Mapping[str, bytes], library_versions: Mapping[str, str]) -> Manifest:
        """Write all files and then their signed manifest, without which none of them counts."""
        stored = {name: StoredFile(sha256=_sha256(data), bytes=len(data)) for name, data in files.items()}
        manifest = Manifest(**asdict(ref), files=stored, library_versions=dict(library_versions))
        self.files.publish(ref.directory(), {**files, MANIFEST: self._sign(manifest.encoded())})
        return manifest

    def read(self, ref: ArtifactRef, name: str) -> bytes:
        """Give one file's bytes after its manifest's signature and its own hash have been verified."""
        manifest = self._verified(ref)
        data = self._bytes(ref, name)
        stored = manifest["files"].get(name)
        if stored is None or not hmac.compare_digest(_sha256(data), stored["sha256"]):
            raise ArtifactDamaged(f"The file {name} of version {ref.version} does not match its signed manifest")
        return data

    def holds(self, ref: ArtifactRef, name: str) -> bool:
        """Tell whether a file belongs to these, by their signed manifest."""
        return name in self._verified(ref)["files"]

    def sign_anew(self, ref: ArtifactRef) -> bool:
        """Sign what another key has signed with the one that signs; False if it has done so before."""
        body, signature = self._verify(ref)
        _require_belonging(json.loads(body), ref)
        if hmac.compare_digest(_signature(self._key, body), signature):
            return False
        self.files.replace(f"{ref.directory()}/{MANIFEST}", self._sign(body))
        return True

    def discard(self, ref: ArtifactRef) -> None:
        """Remove what one attempt has saved."""
        self.files.remove(ref.directory())

    def discard_before(self, ref: ArtifactRef) -> None:
        """Remove what the attempts before this one have left, finished or not; one that comes late removes nothing."""
        for left in self.files.names(ref.parent()):
            if int(left.removeprefix(".").partition("-")[0]) < ref.attempt:
                self.files.remove(f"{ref.parent()}/{left}")

    def discard_version(self, ref: ArtifactRef) -> None:
        """Remove what any attempt at this version has left, finished or not."""
        self.files.remove(ref.parent())

    def answers(self) -> bool:
        """Tell whether the files are within reach."""
        return self.files.answers()

    def has_room(self) -> bool:
        """Tell whether there is room for more."""
        return self.files.has_room()

    def _verified(self, ref: ArtifactRef) -> dict[str, dict[str, dict[str, str]]]:
        manifest: dict[str, dict[str, dict[str, str]]] = json.loads(self._verify(ref)[0])
        _require_belonging(manifest, ref)
        return manifest

    def _verify(self, ref: ArtifactRef) -> tuple[bytes, str]:
        """Give a manifest as it was signed, and its signature, by whichever of the keys."""
        try:
            sealed = json.loads(self._bytes(ref, MANIFEST))
            body = sealed["manifest"].encode()
            signature = str(sealed["signature"]).encode("ascii", "replace").decode()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArtifactDamaged(f"The manifest of version {ref.version} cannot be read") from error
        if not any(hmac.compare_digest(_signature(key, body), signature) for key in (self._key, *self._others)):
            raise ArtifactDamaged(f"The manifest of version {ref.version} does not carry this service's signature")
        return body, signature

    def _sign(self, body: bytes) -> bytes:
        return json.dumps({"manifest": body.decode(), "signature": _signature(self._key, body)}).encode()

    def _bytes(self, ref: ArtifactRef, name: str) -> bytes:
        try:
            return self.files.read(f"{ref.directory()}/{name}")
        except OSError as error:
            raise ArtifactDamaged(f"The file {name} of version {ref.version} cannot be read") from error


def _require_belonging(manifest: Mapping[str, object], ref: ArtifactRef) -> None:
    if {name: manifest[name] for name in asdict(ref)} != asdict(ref):
        raise ArtifactDamaged(f"The manifest found for version {ref.version} belongs to other files")


def _signature(key: bytes, body: bytes) -> str:
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
