"""API process: builds the app and runs uvicorn on bound sockets."""

import gc
import socket
from functools import partial
from typing import Final, cast

import typer
import uvicorn
from fastapi import FastAPI

from service import RELEASE
from service.app import create_app
from service.auth.middleware import authenticate_as
from service.config import Settings
from service.principals import LOCAL_ADMIN
from service.system.malloc import enable_malloc_trim
from service.system.process_group import ProcessGroup
from service.system.signals import exit_with_cleanup
from service.tracing import open_tracer
from service.web.http_protocol import HttpProtocol
from service.web.logging import configure_logging
from service.web.pipeline_queue import PipelineQueue

GRACE_SECONDS: Final = 10
BANNER: Final = {
    "/": "find and explore segments",
    "/docs": "try the API in Swagger UI",
    "/redoc": "read the API reference",
    "/readyz": "check readiness",
}


def run_server(
    settings: Settings,
    sockets: list[socket.socket],
    *,
    load_sample: bool,
    group: ProcessGroup | None = None,
) -> None:
    """Serve on bound sockets until SIGTERM or SIGINT, alone or as one process of a group.

    The first process of a group prints the banner and loads the sample.
    """
    enable_malloc_trim()
    configure_logging(settings.log_level)
    is_first = group is None or group.claim_start()
    startup_task = _load_sample if load_sample and is_first else None
    app = create_app(settings, tracer=open_tracer(), startup_task=startup_task, group=group)
    server = _Server(_config(app, settings), has_banner=is_first)
    # uvicorn re-raises the signal that stopped it; SystemExit then stops the engine, too.
    exit_with_cleanup()
    server.run(sockets)


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    protocol = partial(
        HttpProtocol,
        head_seconds=settings.head_seconds,
        answer_seconds=settings.answer_seconds,
        turns=PipelineQueue(),
    )
    return uvicorn.Config(
        app,
        http=cast("type[HttpProtocol]", protocol),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, *, has_banner: bool) -> None:
        super().__init__(config)
        self._has_banner = has_banner

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # Exempts the imported modules from collection, which took half of the time of large bodies.
        gc.freeze()
        if self.started and self._has_banner:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            typer.echo(f"Customer segmentation {RELEASE} listens on {url}")
            for path, text in BANNER.items():
                typer.echo(f"  {url}{path:<8} {text}")


async def _load_sample(app: FastAPI) -> None:
    import httpx  # noqa: PLC0415 - only on the first start

    from service.sample import load_sample  # noqa: PLC0415

    transport = httpx.ASGITransport(authenticate_as(app, LOCAL_ADMIN))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", timeout=60
    ) as client:
        await load_sample(client)
