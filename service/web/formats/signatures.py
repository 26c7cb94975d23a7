"""Detection of unsupported files by their signatures (magic numbers)."""

from typing import BinaryIO, Final

PARQUET: Final = b"PAR1\x15"
ARROW: Final = b"ARROW1\0\0"
N_BYTES: Final = 512

_AS_CSV: Final = "save the table as CSV and send that"
_SIGNATURES: Final = (
    (b"\x1f\x8b", "a gzip file", "send it unpacked"),
    (b"BZh91AY&SY", "a bzip2 file", "send it unpacked"),
    (b"\xfd7zXZ\0", "an xz file", "send it unpacked"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", "send it unpacked"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "send the table in it, unpacked"),
    (b"Rar!\x1a\x07", "a RAR archive", "send the table in it, unpacked"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "a file of older Office programs, such as an Excel workbook (.xls)",
        _AS_CSV,
    ),
    (b"%PDF-", "a PDF document", _AS_CSV),
    (b"SQLite format 3\0", "an SQLite database", _AS_CSV),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _AS_CSV),
    (b"Obj\x01", "an Avro file", "send the table as Parquet or CSV"),
    (
        b"FEA1",
        "a Feather file of the first version",
        "send the table as an Arrow stream or Parquet",
    ),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", _AS_CSV),
    (b"\xff\xd8\xff", "a JPEG image", _AS_CSV),
    (b"<!doctype html", "an HTML page", _AS_CSV),
    (b"<html", "an HTML page", _AS_CSV),
    (b"<?xml", "an XML document", _AS_CSV),
)
_ZIP: Final = b"PK\x03\x04"
_OF_EXCEL: Final = (b"xl/", b"[Content_Types].xml", b"_rels/", b"docProps/")
_OF_OPEN_DOCUMENT: Final = b"application/vnd.oasis.opendocument.spreadsheet"


def describe_signature(file: BinaryIO, media_type: str) -> str | None:
    """Describe the real kind of a file that contradicts its media type, and the format to send.

    None if the signature is not known.
    """
    file.seek(0)
    head = file.read(N_BYTES)
    found = _find_table(head, media_type) or _find_zip(head) or _find_other(head)
    return found and "The body is {}; {}".format(*found)


def _find_table(head: bytes, media_type: str) -> tuple[str, str] | None:
    """Find a format that can be read, under the name of another."""
    for signature, ending, kind in (
        (PARQUET, "parquet", "a Parquet file"),
        (ARROW, "arrow.stream", "an Arrow file"),
    ):
        if head.startswith(signature) and not media_type.endswith(ending):
            return kind, f"send it with its own media type, application/vnd.apache.{ending}"
    return None


def _find_zip(head: bytes) -> tuple[str, str] | None:
    if not head.startswith(_ZIP):
        return None
    if any(head[30:].startswith(name) for name in _OF_EXCEL):
        return "an Excel workbook (.xlsx)", _AS_CSV
    if _OF_OPEN_DOCUMENT in head:
        return "an OpenDocument spreadsheet (.ods)", _AS_CSV
    return (
        "a zip archive",
        (
            "send the table in it, unpacked; of an Excel workbook (.xlsx), save it as CSV and send "
            "that"
        ),
    )


def _find_other(head: bytes) -> tuple[str, str] | None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for signature, kind, advice in _SIGNATURES:
        if head.startswith(signature) or (
            signature.startswith(b"<") and start.startswith(signature)
        ):
            return kind, advice
    return None
