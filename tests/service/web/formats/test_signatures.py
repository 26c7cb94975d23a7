"""Files of other kinds."""

import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.web.formats import UnreadableBody, UnsupportedFormat, read_table
from tests.support.steps import put_csv


def zipped(name):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "id,x\n1,2\n")
    return file.getvalue()


def parquet():
    file = io.BytesIO()
    pq.write_table(pa.table({"id": ["a"]}), file)
    return file.getvalue()


FILES = {
    "a gzip file": gzip.compress(b"id,x\n1,2\n"),
    "a zip archive": zipped("table.csv"),
    "an Excel workbook (.xlsx)": zipped("xl/workbook.xml"),
    "an OpenDocument spreadsheet (.ods)": b"PK\3\4"
    + bytes(26)
    + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
    "a file of older Office programs, such as an Excel workbook (.xls)": bytes.fromhex(
        "d0cf11e0a1b11ae1"
    )
    + bytes(99),
    "a PDF document": b"%PDF-1.7\n",
    "an HTML page": b"\n<!DOCTYPE html><html>",
    "a Parquet file": parquet(),
    "an SQLite database": b"SQLite format 3\0",
}


@pytest.mark.parametrize(
    "media_type", ["text/csv", "application/json", "application/vnd.apache.arrow.stream"]
)
@pytest.mark.parametrize("kind", FILES)
def test_a_file_of_another_kind_is_named(kind, media_type):
    with pytest.raises(UnreadableBody) as caught:
        read_table(io.BytesIO(FILES[kind]), media_type)
    assert str(caught.value).startswith(f"The body is {kind}; ")


def test_a_file_of_another_kind_under_its_own_media_type_is_named_as_well():
    with pytest.raises(UnsupportedFormat, match="gzip"):
        read_table(io.BytesIO(FILES["a gzip file"]), "application/gzip")


@pytest.mark.parametrize("header", ["PK", "BZh", "Obj", "PAR1", "Rar!"])
def test_a_header_that_begins_as_another_file_does_is_a_header(header):
    assert read_table(io.BytesIO(f"{header},x\n1,2\n".encode()), "text/csv").column_names == [
        header,
        "x",
    ]


@pytest.mark.parametrize("path", ["/v1/datasets/packed", "/v1/models"])
@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, identity"])
def test_a_body_that_is_encoded_is_refused_as_such(client, path, encoding):
    headers = {
        "Content-Type": "text/csv" if "datasets" in path else "application/json",
        "Content-Encoding": encoding,
    }
    method = "PUT" if "datasets" in path else "POST"
    answer = client.request(method, path, content=FILES["a gzip file"], headers=headers)
    assert (answer.status_code, "Content-Encoding" in answer.json()["detail"]) == (415, True)


def test_identity_is_no_encoding(client):
    headers = {"Content-Type": "text/csv", "Content-Encoding": "Identity"}
    assert (
        client.put("/v1/datasets/plain", content=b"id,x\n1,2\n", headers=headers).status_code == 201
    )


def test_a_warning_of_the_reader_is_kept_with_the_dataset(client):
    assert put_csv(client, "titled", "Customer list\nid;x\na;1\nb;2\n")["warnings"][0].startswith(
        "Line 1 "
    )
