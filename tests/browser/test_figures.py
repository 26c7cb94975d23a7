"""Figures in detail: interactive pages, the numbers behind them, and images to print."""

import re

import pytest
from playwright.sync_api import expect

VERSION = "/models/seeded/versions/1"
SECRETS = """() => {
    const reached = (look) => { try { return String(look()); } catch { return "refused"; } };
    return [reached(() => parent.document.title), reached(() => sessionStorage.length), origin];
}"""
pytestmark = pytest.mark.usefixtures("seeded")


def explore(visit):
    """Explore the first figure; gives its frame."""
    visit.go(VERSION)
    visit.page.get_by_role("button", name=re.compile("Explore")).first.click()
    expect(
        visit.page.frame_locator("dialog iframe").locator(".plot-container").first
    ).to_be_visible()
    return next(frame for frame in visit.page.frames if frame.url.endswith("/page/frame.html"))


def test_a_figure_is_explored_in_a_frame_that_reaches_nothing_of_the_page(visit):
    frame = explore(visit)
    assert frame.evaluate(SECRETS) == ["refused", "refused", "null"]
    assert (visit.complaints, visit.elsewhere) == ([], [])


def test_a_frame_can_send_no_requests(visit):
    frame = explore(visit)
    assert (
        frame.evaluate("fetch('/v1/models').then(() => 'answered', () => 'refused')") == "refused"
    )


def test_a_figure_closes_with_its_page_and_returns_the_focus(visit):
    explore(visit)
    visit.page.keyboard.press("Escape")
    assert "Explore" in visit.page.evaluate("document.activeElement.textContent")
    visit.page.keyboard.press("Enter")
    visit.page.evaluate("location.hash = '#/'")
    expect(visit.page.locator("dialog.closeup")).to_have_count(0)


def test_the_numbers_behind_a_figure_are_a_table(visit):
    visit.go(VERSION)
    visit.page.get_by_role("button", name="Numbers: Number of customers in each segment").click()
    expect(visit.page.locator("dialog tbody tr")).to_have_count(5)
    expect(visit.page.locator("dialog thead th").first).to_have_text("segment")


def test_figures_outside_the_viewport_are_drawn_before_printing(visit):
    visit.go(VERSION)
    expect(visit.page.locator(".picture").first).to_be_attached()
    expect(visit.page.locator(".picture:not(:has(img))")).to_have_count(0)
    visit.page.emulate_media(media="print")
    expect(visit.page.get_by_role("button")).to_have_count(0)


def test_figures_that_do_not_exist_are_named_with_their_reasons(visit):
    visit.go(VERSION)
    visit.page.get_by_text("not to be had").click()
    expect(visit.page.locator(".absent li").first).to_contain_text(
        "The customers differ in fewer than three dimensions."
    )
