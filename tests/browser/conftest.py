"""A real browser, and the service on a port of this machine."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from service.app import create_app
from service.auth.operations import create_key
from service.config import Settings
from service.principals import SCOPES
from service.stores import open_stores
from tests.support.fakes import AbsentEngine, IdleEngine, InlineEngine
from tests.support.steps import fit, listening, port_of, put_csv, recommend, refit

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
]
PATIENCE_MS = 60_000
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(
    scope="module"
)  # while it is driven, nothing else may run an event loop in this thread
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium here: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Iterator[str]:
    """The address of a service that runs its jobs in a thread of this process."""
    with serving(tmp_path_factory.mktemp("site"), InlineEngine) as address:
        yield address


@pytest.fixture(scope="session")
def idle_site(tmp_path_factory) -> Iterator[str]:
    """The address of a service whose jobs never begin."""
    with serving(tmp_path_factory.mktemp("idle"), IdleEngine) as address:
        yield address


@pytest.fixture(scope="session")
def absent_site(tmp_path_factory) -> Iterator[str]:
    """The address of a service that cannot reach its engine."""
    with serving(tmp_path_factory.mktemp("absent"), AbsentEngine) as address:
        yield address


@pytest.fixture(scope="session")
def keyed_site(tmp_path_factory) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a service that asks for keys, and a key of each scope."""
    home = tmp_path_factory.mktemp("keyed")
    database = open_stores(Settings(home=home)).database
    database.migrate()
    keys = {
        scope: create_key(database, tenant="shop", name=scope, scope=scope)[0] for scope in SCOPES
    }
    database.close()
    with serving(home, InlineEngine) as address:
        yield address, keys


@pytest.fixture(scope="session")
def seeded(site, sample_csv) -> str:
    """The name of a dataset, and of a model of it with two versions.

    Customers were grouped once.
    """
    with httpx.Client(base_url=site, timeout=60) as client:
        put_csv(client, "seeded", sample_csv)
        recommend(client, "seeded", k_max=6)
        fit(client, "seeded", dataset="seeded")
        refit(client, "seeded", k=4)
    return "seeded"


@contextmanager
def serving(home: Path, engine: type[InlineEngine]) -> Iterator[str]:
    stores = open_stores(Settings(home=home))
    stores.database.migrate()
    app = create_app(Settings(home=home), engine=engine(stores))
    with listening(app, access_log=False, timeout_graceful_shutdown=1) as server:
        yield f"http://127.0.0.1:{port_of(server)}"
    stores.database.close()


class Visit:
    """A tab of the page, and what a visitor would never want to see in it."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._see)

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.complaints.append(said.text)

    def _see(self, sent: Request) -> None:
        if not sent.url.startswith((self.site, "blob:", "data:")):
            self.elsewhere.append(sent.url)

    def go(self, address: str) -> None:
        self.page.goto(f"{self.site}/#{address}")

    def violations(self) -> list[str]:
        """What axe-core finds wrong with what is shown now."""
        found = Axe().run(self.page, options=RULES).response["violations"]
        return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]

    def look(self, width: int, scheme: Literal["light", "dark"]) -> None:
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=scheme)

    def is_too_wide(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.fixture
def visit(browser, site, request) -> Iterator[Visit]:
    """A fresh visit; a test may ask for a width and a theme by `visit` parameters."""
    with visiting(browser, site, *getattr(request, "param", (1280, "light"))) as visit:
        yield visit


@pytest.fixture
def visit_at(browser) -> Iterator[Callable[..., Visit]]:
    """Begins fresh visits to any site."""
    with ExitStack() as visits:
        yield lambda site, width=1280, scheme="light": visits.enter_context(
            visiting(browser, site, width, scheme)
        )


@pytest.fixture
def idle_visit(visit_at, idle_site) -> Visit:
    """A fresh visit to a service whose jobs never begin."""
    return visit_at(idle_site)


@contextmanager
def visiting(browser: Browser, site: str, width: int, scheme: str) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    yield Visit(context.new_page(), site)
    context.close()
