"""Messages between the api and its reader processes.

A JSON header, with a payload or an open file.
"""

import json
import os
import socket
import struct
from collections.abc import Mapping
from mmap import ACCESS_READ, mmap
from typing import Any, BinaryIO, Final, NamedTuple

import pyarrow as pa

_SIZES: Final = struct.Struct("<IQ")


class ReaderMessage(NamedTuple):
    """A message as it was received; the receiver closes its file."""

    header: dict[str, Any]
    payload: memoryview
    file: BinaryIO | None

    def body(self) -> pa.Buffer:
        """Return the payload, or the file mapped into memory and closed."""
        if self.file is None:
            return pa.py_buffer(self.payload)
        with self.file as file:
            return pa.py_buffer(mmap(file.fileno(), 0, access=ACCESS_READ))


def send(
    connection: socket.socket,
    header: Mapping[str, object],
    payload: bytes | pa.Buffer = b"",
    *,
    file: BinaryIO | None = None,
) -> None:
    """Send a message with a payload or a file; the receiver gets a descriptor of its own."""
    head = json.dumps(header).encode()
    sizes = _SIZES.pack(len(head), len(payload))
    if file is None:
        connection.sendall(b"".join((sizes, head, payload)))
    else:
        socket.send_fds(connection, [sizes], [file.fileno()])
        connection.sendall(head)


def receive(connection: socket.socket) -> ReaderMessage | None:
    """Wait for a message; None once the other side has closed the connection."""
    sizes, descriptors, *_ = socket.recv_fds(connection, _SIZES.size, 1)
    if not sizes:
        return None
    file = os.fdopen(descriptors[0], "rb") if descriptors else None
    n_head_bytes, n_payload_bytes = _SIZES.unpack(sizes)
    data = rest = memoryview(bytearray(n_head_bytes + n_payload_bytes))
    while rest:
        n_received = connection.recv_into(rest)
        if not n_received:
            raise ConnectionResetError("the other side ended in the middle of a message")
        rest = rest[n_received:]
    return ReaderMessage(json.loads(bytes(data[:n_head_bytes])), data[n_head_bytes:], file)
