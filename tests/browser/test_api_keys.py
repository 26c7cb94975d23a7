"""The page where keys are needed: asked for once, sent with everything, told to nobody."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.page_steps import download, upload


class Sent(list):
    """The requests that a visit has sent to the API, as their addresses and keys."""

    def note(self, request) -> None:
        if "/v1/" in request.url:
            self.append((request.url, request.headers.get("authorization")))


@pytest.fixture
def keyed(visit_at, keyed_site):
    """A visit to a service that asks for keys."""
    address, _ = keyed_site
    return visit_at(address)


@pytest.fixture
def keys(keyed_site):
    return keyed_site[1]


def give(visit, key) -> None:
    visit.page.get_by_label("API key").fill(key)
    visit.page.get_by_role("button", name="Use this key").click()


def open_with(visit, key) -> None:
    visit.go("/")
    give(visit, key)
    expect(visit.page.get_by_role("button", name="Forget key")).to_be_visible()
    expect(visit.page.get_by_text("Loading…")).to_have_count(0)


def test_from_then_on_every_request_carries_the_key_and_no_address_does(
    keyed, keys, sample_csv, name
):
    open_with(keyed, keys["write"])
    sent = Sent()
    keyed.page.on("request", sent.note)
    upload(keyed, sample_csv, name)
    keyed.page.get_by_label("Number of segments").select_option("2")
    keyed.page.get_by_role("button", name="Learn segments").click()
    expect(keyed.page.locator(".cards")).to_be_visible()
    keyed.page.get_by_role("button", name=re.compile("Explore")).first.click()
    expect(
        keyed.page.frame_locator("dialog iframe").locator(".plot-container").first
    ).to_be_visible()
    keyed.page.keyboard.press("Escape")
    assert "<html" in download(keyed, "Download the report")
    assert {key for _, key in sent} == {f"Bearer {keys['write']}"}
    assert not any(keys["write"] in url for url, _ in sent)


def test_an_unknown_key_is_reported_and_can_be_corrected(keyed, keys):
    keyed.go("/")
    expect(keyed.page.get_by_role("dialog")).to_contain_text("This service asks for a key.")
    give(keyed, "seg_not-a-key-of-this-service")
    expect(keyed.page.get_by_role("dialog")).to_contain_text("is not known here")
    give(keyed, keys["read"])
    expect(
        keyed.page.get_by_text("No datasets yet").or_(keyed.page.locator(".tile").first)
    ).to_be_visible()


def test_without_a_key_the_page_shows_an_error_and_asks_for_one(keyed):
    keyed.go("/")
    keyed.page.get_by_role("button", name="Not now").click()
    keyed.page.get_by_role("button", name="Try again").first.click()
    expect(keyed.page.get_by_role("dialog")).to_be_visible()


def test_a_missing_scope_is_named_on_the_page(keyed, keys, sample_csv, name):
    open_with(keyed, keys["read"])
    file = {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": sample_csv.encode()}
    keyed.page.set_input_files("input[type=file]", file)
    keyed.page.get_by_role("button", name="Upload").click()
    expect(keyed.page.get_by_role("alert")).to_contain_text("scope write")
    keyed.page.get_by_role("button", name="Use another key").click()
    expect(keyed.page.get_by_role("dialog")).to_contain_text("does not allow this")


def test_after_a_key_is_removed_the_page_asks_for_one(keyed, keys):
    open_with(keyed, keys["read"])
    keyed.page.get_by_role("button", name="Forget key").click()
    expect(keyed.page.get_by_role("dialog")).to_be_visible()
