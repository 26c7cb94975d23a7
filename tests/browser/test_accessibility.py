"""Every state of the page, on a phone in the dark and on a desk in the light.

For everybody, and never too wide.
"""

import pytest
from playwright.sync_api import expect

from tests.support.steps import INCOME

JOB = {"job": "1", "kind": "fit", "stage": "fit", "progress": 0.4, "result": None, "problem": None}
PROBLEM = {
    "title": "There are too few customers.",
    "detail": "3 cannot form 5 segments",
    "errors": [],
}
VERSION = "/models/seeded/versions/1"
DATASET = "/datasets/seeded"


def at(address, *steps):
    """Arrive at an address, and take some steps there."""

    def arrive(visit) -> None:
        visit.go(address)
        expect(visit.page.get_by_text("Loading…")).to_have_count(0)
        for step in steps:
            step(visit.page)

    return arrive


def press(name):
    return lambda page: page.get_by_role("button", name=name).first.click()


def see(selector):
    return lambda page: expect(page.locator(selector).first).to_be_visible()


def route(address, status=200, **answer):
    return lambda page: page.route(address, lambda asked: asked.fulfill(status=status, **answer))


def job(state):
    """Let every job be in one state."""

    def be(page) -> None:
        found = JOB | {"state": state, "problem": PROBLEM if state == "failed" else None}
        page.route("**/v1/jobs/1", lambda asked: asked.fulfill(json=found))
        page.route(
            "**/v1/jobs/1/events",
            lambda asked: asked.fulfill(body="", content_type="text/event-stream"),
        )
        page.route("**/recommendations", lambda asked: asked.fulfill(status=202, json=found))
        page.route("**/v1/models", lambda asked: asked.fulfill(status=202, json=found))

    return be


def bring(text):
    file = {"name": "orders.csv", "mimeType": "text/csv", "buffer": text.encode()}
    return lambda page: page.set_input_files("input[type=file]", file)


def choose_purchases(page) -> None:
    page.get_by_label("Each row is").select_option("transactions")


def change_kind(page) -> None:
    page.get_by_label("Kind of Age").select_option("categorical")


def fill_income(page) -> None:
    page.get_by_label(INCOME, exact=True).fill("400")


def leave_the_network(page) -> None:
    page.route("**/v1/**", lambda asked: asked.abort())


def version_that(state):
    """Let version 1 be not ready."""

    def be(page) -> None:
        page.route(
            f"**/v1{VERSION}",
            lambda asked: asked.fulfill(json={**asked.fetch().json(), "state": state, "job": "1"}),
        )

    return be


EMPTY = {"datasets": [], "models": [], "next_page_token": None}
STATES = {
    "the start": at("/", see(".tile")),
    "the start, empty": lambda visit: (
        route("**/v1/*?*", json=EMPTY)(visit.page),
        at("/", see(".empty"))(visit),
    ),
    "a file that was brought": at("/", bring("id,day\n1,2\n"), see("form")),
    "a file of purchases": at("/", bring("customer,date,amount\n"), see("form"), choose_purchases),
    "a table that was refused": at(
        "/", bring("id,Age,age\n1,2,3\n"), press("Upload"), see(".refusal")
    ),
    "a dataset with its advice": at(DATASET, see(".answer"), see(".picture img")),
    "a dataset that is not there": at("/datasets/nothing", see(".refusal")),
    "columns that are changed": at(
        DATASET, see(".columns select"), change_kind, see("text=Read the columns so")
    ),
    "advice on its way": at(
        DATASET, see(".answer"), job("running"), press("How many segments?"), see("progress")
    ),
    "advice that failed": at(
        DATASET, see(".answer"), job("failed"), press("How many segments?"), see(".refusal")
    ),
    "a fit on its way": at(
        DATASET, see(".answer"), job("running"), press("Learn segments"), see("progress")
    ),
    "a fit that was cancelled": at(
        DATASET, see(".answer"), job("cancelled"), press("Learn seg"), see("text=Cancelled.")
    ),
    "a fit that failed": at(
        DATASET, see(".answer"), job("failed"), press("Learn segments"), see(".refusal")
    ),
    "segments on their cards": at(VERSION, see(".cards"), see(".picture img"), see("fieldset")),
    "a segment that is renamed": at(VERSION, see(".cards"), press("Rename"), see(".rename")),
    "a customer who is placed": at(
        VERSION, see(".cards"), fill_income, press("Find the segment"), see(".placed")
    ),
    "a customer of whom nothing is known": at(
        VERSION, see(".cards"), press("Find the segment"), see(".refusal")
    ),
    "the numbers of a figure": at(
        VERSION, see(".picture img"), press("Numbers"), see("dialog table")
    ),
    "a figure to explore": at(VERSION, see(".picture img"), press("Explore"), see("dialog iframe")),
    "a version on its way": lambda visit: (
        job("running")(visit.page),
        version_that("fitting")(visit.page),
        at(VERSION, see("progress"))(visit),
    ),
    "a version that failed": lambda visit: (
        job("failed")(visit.page),
        version_that("failed")(visit.page),
        at(VERSION, see(".refusal"))(visit),
    ),
    "two versions compared": at("/models/seeded/comparison/1/2", see("table")),
    "a key is needed": lambda visit: (
        route("**/v1/**", 401, json={"title": "A key."})(visit.page),
        visit.go("/"),
    ),
    "a key may not do this": lambda visit: (
        route("**/v1/**", 403, json={"title": "A scope."})(visit.page),
        at("/", see(".refusal"))(visit),
    ),
    "the engine is away": at(
        DATASET,
        see(".answer"),
        route("**/v1/models", 503, json=PROBLEM),
        press("Learn segments"),
        see(".refusal"),
    ),
    "the network is away": lambda visit: (
        leave_the_network(visit.page),
        at("/", see(".refusal"))(visit),
    ),
    "nothing is here": at("/nowhere", see(".refusal")),
    "an address that is no text": at("/datasets/%E0%A4%A", see(".refusal")),
}


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("visit", [(375, "dark")], indirect=True, ids=[""])
@pytest.mark.parametrize("state", STATES)
def test_every_page_state_is_accessible(visit, state):
    STATES[state](visit)
    assert (visit.violations(), visit.is_too_wide()) == ([], False)
    visit.look(1280, "light")
    assert (visit.violations(), visit.is_too_wide()) == ([], False)
