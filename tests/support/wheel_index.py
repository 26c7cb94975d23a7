"""Wheels that hold nothing but metadata.

They stand for the packages of a lock, in a package index of files.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile, ZipInfo

PIN = re.compile(r"^([\w.-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)
NEWER = "99999.0"
WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
REQUIREMENTS = ("Provides-Extra", "Requires-Dist")


class Pin(NamedTuple):
    """One package of a lock.

    Its name in normal form, its version, and the marker of the machines that need it.
    """

    name: str
    version: str
    marker: str


def pins_of(lock: str) -> list[Pin]:
    """Parse a lock."""
    return [Pin(normalized(name), version, marker) for name, version, marker in PIN.findall(lock)]


def write_index(lock: str, index: Path, installed: Iterable[Path]) -> str:
    """Add the packages of a lock, and a newer release of each, to an index.

    Return the lock with their wheels' hashes.

    A wheel requires the same as the package, if that is found among the `installed` ones in the
    same version.
    """
    known = {
        (normalized(each.name), each.version): each
        for each in distributions(path=[*map(str, installed)])
    }
    lines = []
    for pin in pins_of(lock):
        required = _requirements(known.get((pin.name, pin.version)))
        _add_wheel(index, pin.name, NEWER, required)
        wheel = _add_wheel(index, pin.name, pin.version, required)
        marker = f" ; {pin.marker}" if pin.marker else ""
        lines.append(
            f"{pin.name}=={pin.version}{marker} "
            f"--hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n"
        )
    return "".join(lines)


def normalized(name: str) -> str:
    """Normalize a package's name as PEP 503 says."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements(package: Distribution | None) -> str:
    fields = package.metadata.items() if package else ()
    return "".join(f"{field}: {value}\n" for field, value in fields if field in REQUIREMENTS)


def _add_wheel(index: Path, name: str, version: str, requirements: str) -> Path:
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{requirements}"
    texts = {f"{stem}.dist-info/METADATA": metadata, f"{stem}.dist-info/WHEEL": WHEEL}
    record = f"{stem}.dist-info/RECORD"
    lines = [f"{path},sha256={_digest(text)},{len(text.encode())}" for path, text in texts.items()]
    path = index / name / f"{stem}-py3-none-any.whl"
    path.parent.mkdir(exist_ok=True)
    with ZipFile(path, "w") as wheel:
        for inside, text in {**texts, record: "\n".join([*lines, f"{record},,\n"])}.items():
            wheel.writestr(
                ZipInfo(inside), text
            )  # without the time of day: the same bytes each time
    links = (f'<a href="{each.name}">{each.name}</a>' for each in path.parent.glob("*.whl"))
    (path.parent / "index.html").write_text("<!DOCTYPE html>\n" + "\n".join(links))
    return path


def _digest(text: str) -> str:
    return urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
