"""Model files under signed manifests: nothing is used before its bytes have been verified."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from service.errors import ServiceError
from service.files import open_files, write_synced

MANIFEST = "manifest.json"
SHORTEST_KEY = 32


class WeakKey(ServiceError):
    """The key that signs model files is too short to protect them."""


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
    """The model files in one place, a directory or an object store; the key that signs them is kept elsewhere."""

    def __init__(self, root: Path | str, key: bytes) -> None:
        self._files = open_files(root)
        self._key = key

    def save(self, ref: ArtifactRef, files: Mapping[str, bytes], library_versions: Mapping[str, str]) -> Manifest:
        """Write all files and then their signed manifest, without which none of them counts."""
        stored = {name: StoredFile(sha256=_sha256(data), bytes=len(data)) for name, data in files.items()}
        manifest = Manifest(**asdict(ref), files=stored, library_versions=dict(library_versions))
        self._files.publish(ref.directory(), {**files, MANIFEST: self._sealed(manifest)})
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

    def discard(self, ref: ArtifactRef) -> None:
        """Remove what one attempt has saved."""
        self._files.remove(ref.directory())

    def discard_before(self, ref: ArtifactRef) -> None:
        """Remove what the attempts before this one have left, finished or not; one that comes late removes nothing."""
        for left in self._files.names(ref.parent()):
            if int(left.removeprefix(".").partition("-")[0]) < ref.attempt:
                self._files.remove(f"{ref.parent()}/{left}")

    def discard_version(self, ref: ArtifactRef) -> None:
        """Remove what any attempt at this version has left, finished or not."""
        self._files.remove(ref.parent())

    def answers(self) -> bool:
        """Tell whether the files are within reach."""
        return self._files.answers()

    def _verified(self, ref: ArtifactRef) -> dict[str, dict[str, dict[str, str]]]:
        try:
            sealed = json.loads(self._bytes(ref, MANIFEST))
            body, signature = sealed["manifest"].encode(), sealed["signature"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArtifactDamaged(f"The manifest of version {ref.version} cannot be read") from error
        if not hmac.compare_digest(self._signature(body), str(signature).encode("ascii", "replace").decode()):
            raise ArtifactDamaged(f"The manifest of version {ref.version} does not carry this service's signature")
        manifest: dict[str, dict[str, dict[str, str]]] = json.loads(body)
        if {name: manifest[name] for name in asdict(ref)} != asdict(ref):
            raise ArtifactDamaged(f"The manifest found for version {ref.version} belongs to other files")
        return manifest

    def _sealed(self, manifest: Manifest) -> bytes:
        body = manifest.encoded()
        return json.dumps({"manifest": body.decode(), "signature": self._signature(body)}).encode()

    def _signature(self, body: bytes) -> str:
        return hmac.new(self._key, body, hashlib.sha256).hexdigest()

    def _bytes(self, ref: ArtifactRef, name: str) -> bytes:
        try:
            return self._files.read(f"{ref.directory()}/{name}")
        except OSError as error:
            raise ArtifactDamaged(f"The file {name} of version {ref.version} cannot be read") from error


def read_or_make_key(path: Path) -> bytes:
    """Read the signing key; on the first start make one that only this user can read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        beside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        beside.touch(mode=0o600)
        write_synced(beside, secrets.token_hex(32).encode())
        try:
            os.link(beside, path)  # unlike rename, fails if another process was first
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    key = path.read_bytes()
    if len(key) < SHORTEST_KEY:
        raise WeakKey(f"The signing key in {path.name} has {len(key)} bytes; at least {SHORTEST_KEY} are needed")
    return key


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
