"""The least that uvicorn can do: read a body, and answer always the same.

Run as `python -m bench.raw`.
"""

import socket
import sys

import uvicorn

ANSWER = b"[0]"
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))],
}


async def app(_scope, receive, send) -> None:  # noqa: ANN001 - ASGI's own
    """Answer."""
    while (await receive()).get("more_body"):
        pass
    await send(START)
    await send({"type": "http.response.body", "body": ANSWER})


def main() -> None:
    """Serve on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        app, access_log=False, log_level="error", lifespan="off", proxy_headers=False, ws="none"
    )
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
