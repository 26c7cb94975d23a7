"""Bodies that nobody should send.

Each holds a canary where a customer's value would be, if it holds anything.
"""

import gzip
import json
import struct
import zipfile
import zlib
from io import BytesIO

import pyarrow as pa
from pyarrow import ipc, parquet

CANARY = "Zanzibar-77"
JSON, NDJSON, CSV, TSV = (
    "application/json",
    "application/x-ndjson",
    "text/csv",
    "text/tab-separated-values",
)
PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
FORM = "multipart/form-data; boundary=x"

_TABLE = pa.table({"id": ["a", "b", CANARY], "age": [1.0, 2.0, 3.0]})
# Numbers and texts as a JSON document may write them, and no table should hold them.
CELLS = {
    "nan": "NaN",
    "infinity": "-Infinity",
    "1e999": "1e999",
    "5000 digits": "9" * 5000,
    "18 digits": "9" * 18,
    "2**63": str(2**63),
    "tiny": "1e-400",
    "lone surrogate": '"\\ud800"',
    "lone low surrogate": '"\\udc00 %s"' % CANARY,  # noqa: UP031 - braces abound
    "nul": '"\\u0000%s"' % CANARY,  # noqa: UP031 - braces abound
    "control": '"\\u001b[31m"',
    "bidi": '"\\u202e"',
    "true": "true",
    "null": "null",
    "empty": '""',
    "list": f'["{CANARY}"]',
    "object": f'{{"a": "{CANARY}"}}',
    "long": '"' + "x" * 70_000 + '"',
    "deep": "[" * 100 + "]" * 100,
    "deeper": "[" * 100_000 + "]" * 100_000,
    "unclosed": '"' + CANARY,
}
# Documents as any route may get them, whatever it expects; `%s` is a cell.
DOCUMENTS = {
    "customers": '{"customers": [{"id": "1", "age": 5, "town": "%s"}, {"id": "2", "age": %%s, '  # noqa: UP031 - braces abound
    '"town": "x"}]}' % CANARY,
    "fit": '{"name": "a", "dataset": "sample", "k": %s, "features": ["Age"]}',
    "change": '{"name": %s, "description": %s, "columns": {"Age": {"missing": [%s]}}, "version": '
    "%s}",
    "bare": "%s",
}


def in_json():
    """Every cell in every document."""
    return {
        f"{cell} in {name}": (JSON, document.replace("%s", text).encode())
        for name, document in DOCUMENTS.items()
        for cell, text in CELLS.items()
    }


def odd_json():
    rows = '{"customers": [{"id": "1", "age": 5, "town": "%s"}]}' % CANARY  # noqa: UP031 - braces abound
    return {
        "nothing": (JSON, b""),
        "blank": (JSON, b" \r\n\t"),
        "not utf-8": (JSON, b'{"customers": [{"id": "\xff\xfe", "age": 1}]}'),
        "bom": (JSON, b"\xef\xbb\xbf" + rows.encode()),
        "utf-16": (JSON, rows.encode("utf-16")),
        "utf-32": (JSON, rows.encode("utf-32")),
        "utf-16 as said": (f"{JSON}; charset=utf-16", rows.encode("utf-16")),
        "no such charset": (f"{JSON}; charset=ebcdic-77", rows.encode()),
        "duplicate keys": (JSON, b'{"customers": [{"id": 1, "id": 2, "age": 3}], "customers": []}'),
        "duplicate names": (
            JSON,
            b'{"name": "a", "name": "b", "dataset": "sample", "k": 2, "k": 3}',
        ),
        "duplicate ids": (JSON, b'{"customers": [{"id": 1, "age": 3}, {"id": 1, "age": 4}]}'),
        "truncated": (JSON, rows.encode()[:-9]),
        "followed": (JSON, rows.encode() + b"]"),
        "many lists": (JSON, b"[" + b"[]," * 100_000 + b"[]]"),
        "many names": (JSON, json.dumps({f"n{n}": CANARY for n in range(20_000)}).encode()),
        "a long name": (JSON, json.dumps({"n" * 200_000: CANARY}).encode()),
        "gzip": (JSON, gzip.compress(rows.encode())),
        "one row of 10000 columns": (
            JSON,
            json.dumps({"customers": [{f"c{n}": CANARY for n in range(10_000)}]}).encode(),
        ),
        "each row its own columns": (
            JSON,
            json.dumps({"customers": [{f"c{n}": CANARY} for n in range(3_000)]}).encode(),
        ),
        "rows that are none": (JSON, f'{{"customers": [1, null, "{CANARY}", [], true]}}'.encode()),
        "headers that differ in case": (
            JSON,
            f'{{"customers": [{{"id": 1, "Age": "{CANARY}", "age": 2}}]}}'.encode(),
        ),
        "headers that are unfit": (
            JSON,
            b'{"customers": [{"id": 1, "": 1, "\\u0000": 2, "\\ud800": 3, " ": 4}]}',
        ),
    }


def texts():
    wide = ",".join(f"c{n}" for n in range(100_000))
    lines = f'{{"id": "1", "age": 5, "town": "{CANARY}"}}\n'.encode()
    return {
        "csv of 100000 columns": (CSV, f"{wide}\n{wide}\n".encode()),
        "csv of 100000 delimiters": (CSV, b"a,b\n" + b"," * 100_000),
        "csv that is ragged": (CSV, f"id,town\n1,{CANARY},3\n2\n".encode()),
        "csv with an open quote": (CSV, f'id,town\n1,"{CANARY}\n2,x\n'.encode()),
        "csv with a nul": (CSV, f"id,age\n1,\x00\n2,{CANARY}\n".encode()),
        "csv without rows": (CSV, b"id,age\n"),
        "csv without a header": (CSV, b"\n\n\n"),
        "csv with one long cell": (CSV, b"id,town\n1," + b"x" * 300_000 + b"\n"),
        "csv with one header twice": (CSV, f"id,id\n1,{CANARY}\n".encode()),
        "csv that is utf-16 without its mark": (CSV, f"id,town\n1,{CANARY}\n".encode("utf-16-le")),
        "csv cut in a character": (f"{CSV}; charset=utf-8", "id,town\n1,é".encode()[:-1]),
        "csv with duplicate ids": (CSV, f"id,town\n1,{CANARY}\n1,x\n".encode()),
        "csv with numbers beyond all": (CSV, b"id,age\n1,1e999\n2,-1e400\n3,NaN\n4,inf\n"),
        "csv of quotes": (CSV, b'"' * 50_001),
        "csv of bytes": (CSV, bytes(range(256)) * 4),
        "csv gzipped": (CSV, gzip.compress(f"id,town\n1,{CANARY}\n".encode())),
        "tsv without tabs": (TSV, f"id,town\n1,{CANARY}\n".encode()),
        "lines cut": (NDJSON, lines + lines[:-4]),
        "lines that are no objects": (NDJSON, f'1\n"{CANARY}"\n[]\nnull\n'.encode()),
        "lines that are deep": (NDJSON, b'{"a": ' + b"[" * 100_000 + b"\n"),
        "lines with odd numbers": (
            NDJSON,
            b'{"id": 1, "age": NaN}\n{"id": 2, "age": 1e999}\n{"id": 3, "age": ' + b"9" * 5000,
        ),
        "xml": ("application/xml", f"<a>{CANARY}</a>".encode()),
        "nothing known": ("", CANARY.encode()),
        "a bad media type": ("text/csv/;;=", CANARY.encode()),
        "a media type that is not latin": ("text/ü".encode().decode("latin-1"), CANARY.encode()),
        "a form without an end": (
            FORM,
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nid\n',
        ),
        "a form with headers without end": (FORM, b"--x\r\n" + b"A: b\r\n" * 10_000),
        "a form that is none": (FORM, CANARY.encode()),
        "a form in a form": (
            FORM,
            b"--x\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n--x--",
        ),
    }


def packed():
    whole, stream = written(_TABLE, parquet.write_table), written(_TABLE, write_stream)
    bomb = written(repeated("x" * 1_000_000, 5_000), write_plain_schema)
    return {
        "parquet": (PARQUET, whole),
        "parquet cut": (PARQUET, whole[: len(whole) // 2]),
        "parquet without its end": (PARQUET, whole[:-4]),
        "parquet without its middle": (PARQUET, whole[:40] + whole[-200:]),
        "parquet that is two magics": (PARQUET, b"PAR1PAR1"),
        "parquet with a footer beyond it": (
            PARQUET,
            whole[:-8] + struct.pack("<I", 2**31 - 1) + b"PAR1",
        ),
        "parquet that unpacks to 5 GB": (PARQUET, bomb),
        "parquet of lists": (PARQUET, written(pa.table({"id": [[CANARY]]}), parquet.write_table)),
        "parquet of 2000 columns": (
            PARQUET,
            written(pa.table({f"c{n}": [1] for n in range(2_000)}), parquet.write_table),
        ),
        "parquet of nothing": (PARQUET, written(pa.table({}), parquet.write_table)),
        "parquet without rows": (PARQUET, written(_TABLE.slice(0, 0), parquet.write_table)),
        "parquet of not a number": (
            PARQUET,
            written(pa.table({"id": ["a"], "age": [float("nan")]}), parquet.write_table),
        ),
        "parquet as csv": (CSV, whole),
        "arrow": (ARROW, stream),
        "arrow cut": (ARROW, stream[: len(stream) // 2]),
        "arrow of zeros": (ARROW, bytes(1_000)),
        "arrow with a huge message": (
            ARROW,
            b"\xff\xff\xff\xff" + struct.pack("<i", 2**31 - 1) + stream[8:],
        ),
        "arrow with a message before its start": (
            ARROW,
            b"\xff\xff\xff\xff" + struct.pack("<i", -5) + stream[8:],
        ),
        "arrow that is a magic": (ARROW, b"ARROW1\x00\x00"),
        "arrow of bytes that are no text": (
            ARROW,
            written(pa.table({"id": [b"\xff\xfe"]}), write_stream),
        ),
        "csv as arrow": (ARROW, f"id,town\n1,{CANARY}\n".encode()),
        "a zip that unpacks to 50 MB": (CSV, zipped(b"a" * 50_000_000)),
        "a zip as parquet": (PARQUET, zipped(CANARY.encode())),
        "zlib": (NDJSON, zlib.compress(CANARY.encode() * 1_000)),
    }


def written(table, write):
    body = BytesIO()
    write(table, body)
    return body.getvalue()


def repeated(text, n_rows):
    """Build a table of one text, which is in memory once."""
    return pa.table({"id": pa.DictionaryArray.from_arrays([0] * n_rows, [text])})


def write_plain_schema(table, body):
    """Write a file whose schema does not mention dictionaries."""
    parquet.write_table(table, body, store_schema=False)


def write_stream(table, body):
    with ipc.new_stream(body, table.schema) as writer:
        writer.write_table(table)


def zipped(content):
    body = BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    return body.getvalue()


BODIES = {**in_json(), **odd_json(), **texts(), **packed()}

# What somebody may write where a name belongs.
NAMES = [
    "..%2F..%2Fetc%2Fpasswd",
    "%2e%2e",
    "%2E%2E%2F",
    "a%2Fb",
    "%00",
    "a%00b",
    "%0D%0ASet-Cookie:%20a",
    "%ED%A0%80",
    "%FF%FE",
    "%F0%9F%98%80",
    "%E2%80%AE",
    "İ",
    "A",
    "-1",
    "0",
    "1e9",
    "9" * 400,
    "x" * 5_000,
    "'%20OR%201=1--",
    "%25s%25n",
    "{}",
    "*",
    "%20",
    "null",
    "production",
    CANARY,
]
