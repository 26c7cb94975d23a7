"""Swagger UI in a real browser.

Whoever goes down the page and executes everything as it stands succeeds.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from playwright.sync_api import expect

from service.sample import load_sample

# Each takes seconds on a busy machine: all of them are for the soak.
FEW = [
    "operations-registry-registry-get_model",
    "operations-assignments-assignments-assign_customers",
]
CANCEL = "operations-jobs-jobs-cancel_job"

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def sampled_site(keyed_site) -> tuple[str, dict[str, str]]:
    """A service with keys, and the sample in it; the headers that a client sends."""
    address, keys = keyed_site
    headers = {"Authorization": f"Bearer {keys['admin']}"}

    async def load() -> None:
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as client:
            await load_sample(client)

    with ThreadPoolExecutor() as thread:  # the browser runs an event loop in this one
        thread.submit(asyncio.run, load()).result()
    return address, headers


@pytest.fixture
def docs(visit_at, sampled_site):
    """The page of somebody who has given a key."""
    address, headers = sampled_site
    visit = visit_at(address)
    visit.page.goto(f"{address}/docs")
    visit.page.get_by_role("button", name="Authorize").first.click()
    visit.page.locator(".auth-container input").first.fill(
        headers["Authorization"].removeprefix("Bearer ")
    )
    visit.page.locator(".modal-ux button.authorize").first.click()
    visit.page.locator(".modal-ux button.btn-done").first.click()
    return visit


def operations(visit) -> list[str]:
    """List the operations in the order of the page."""
    expect(visit.page.locator(".opblock").first).to_be_visible()
    return visit.page.locator(".opblock").evaluate_all("blocks => blocks.map(block => block.id)")


def execute(block) -> str:
    """Open an operation, execute it as it stands, and give its status as it is shown."""
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Execute").click()
    status = block.locator(".live-responses-table tbody td.response-col_status").first
    status.wait_for()
    shown = status.inner_text().split()[0]
    block.locator(".opblock-summary-control").click()
    return shown


def keep_busy(address: str, headers: dict[str, str]) -> None:
    """Create jobs that outlast two clicks in a browser, and one that is queued behind them."""
    with httpx.Client(
        base_url=address, headers=headers | {"Prefer": "respond-async"}, timeout=60
    ) as client:
        for k_max in range(5, 15):
            client.post(
                "/v1/datasets/sample/recommendations", json={"k_max": k_max}
            ).raise_for_status()
        client.post("/v1/models/sample/versions", json={"k": 3}).raise_for_status()


def walk(visit, sampled_site, asked) -> Iterator[tuple[str, str]]:
    for operation in asked:
        if operation == CANCEL:
            keep_busy(*sampled_site)
        yield operation, execute(visit.page.locator(f"[id='{operation}']"))


def test_everything_succeeds_unedited_from_the_top_of_the_page_to_its_end(
    docs, sampled_site, pytestconfig
):
    every = operations(docs)
    statuses = dict(walk(docs, sampled_site, every if pytestconfig.getoption("--soak") else FEW))
    assert {
        operation: status for operation, status in statuses.items() if not status.startswith("2")
    } == {}
    assert (set(FEW) <= set(every), docs.complaints, docs.elsewhere) == (True, [], [])


def test_the_api_reference_loads_under_its_content_security_policy(visit_at, sampled_site):
    visit = visit_at(sampled_site[0])
    visit.page.goto(f"{sampled_site[0]}/redoc")
    expect(visit.page.get_by_role("heading", name="Customer segmentation").first).to_be_visible()
    visit.page.get_by_role("textbox").first.fill("alias")
    expect(visit.page.locator("[role=search] [role=menuitem]").first).to_be_visible()
    assert (visit.complaints, visit.elsewhere) == ([], [])
