"""What the page shows when there is nothing, when it must wait, and when something is refused."""

import pytest
from playwright.sync_api import expect

from tests.browser.page_steps import upload

EVIL = "<img src=x onerror=alert(1)>"
HOSTILE = f"customer_id,{EVIL},size\n" + "\n".join(
    f"{i},{EVIL if i % 2 else 'plain'},{i % 7}" for i in range(40)
)


@pytest.fixture
def alerts(visit):
    heard = []
    visit.page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    return heard


def refuse(visit, address, status, body) -> None:
    visit.page.route(address, lambda route: route.fulfill(status=status, json=body))


def answer(visit, address, body) -> None:
    visit.page.route(address, lambda route: route.fulfill(json=body))


@pytest.mark.parametrize(
    ("noun", "advice"), [("datasets", "Drop a table above"), ("models", "Choose a dataset")]
)
def test_an_empty_list_shows_the_next_step(visit, noun, advice):
    answer(visit, f"**/v1/{noun}?*", {noun: [], "next_page_token": None})
    visit.go("/")
    expect(visit.page.locator(".empty", has_text=advice)).to_be_visible()
    assert visit.violations() == []


def test_a_problem_is_shown_with_its_detail_and_can_be_retried(visit):
    refuse(
        visit,
        "**/v1/models?*",
        503,
        {
            "title": "Out to lunch.",
            "detail": "Back at two",
            "errors": [{"row": 3, "detail": "is odd"}],
        },
    )
    visit.go("/")
    alert = visit.page.get_by_role("alert")
    for text in ("Out to lunch.", "Back at two", "Row 3: is odd"):
        expect(alert).to_contain_text(text)
    assert visit.violations() == []
    visit.page.unroute("**/v1/models?*")
    alert.get_by_role("button", name="Try again").click()
    expect(alert).to_have_count(0)


def test_an_unreachable_service_is_explained(visit):
    visit.page.route("**/v1/datasets?*", lambda route: route.abort())
    visit.go("/")
    expect(visit.page.get_by_role("alert")).to_contain_text("The service cannot be reached.")


def test_an_unreadable_table_is_refused_where_it_was_uploaded(visit, name):
    visit.go("/")
    file = {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": b"id,Age,age\n1,2,3\n"}
    visit.page.set_input_files("input[type=file]", file)
    visit.page.get_by_role("button", name="Upload").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("Age")
    assert visit.violations() == []


def test_a_name_that_is_markup_stays_a_name(visit, alerts, name):
    upload(visit, HOSTILE, name)
    expect(visit.page.get_by_label(f"Use {EVIL}")).to_be_visible()
    visit.page.get_by_label("Number of segments").select_option("2")
    visit.page.get_by_role("button", name="Learn segments").click()
    visit.page.get_by_role("button", name="Rename").first.click()
    visit.page.get_by_label("Name", exact=True).fill(EVIL)
    visit.page.get_by_role("button", name="Save").click()
    expect(visit.page.locator(".cards h3").first).to_have_text(EVIL)
    visit.page.get_by_label(EVIL, exact=True).select_option(EVIL)
    visit.page.get_by_role("button", name="Find the segment").click()
    expect(visit.page.locator(".placed")).to_be_visible()
    assert (alerts, visit.page.locator("img[src=x]").count(), visit.complaints) == ([], 0, [])


def test_a_job_can_be_cancelled(idle_visit, name):
    upload(idle_visit, HOSTILE, name)
    idle_visit.page.get_by_role("button", name="How many segments?").click()
    idle_visit.page.get_by_role("button", name="Cancel").click()
    expect(idle_visit.page.get_by_text("Cancelled.")).to_be_visible()


def test_a_key_is_entered_once_sent_with_each_request_and_stored_in_the_tab_only(visit):
    sent = []

    def guard(route):
        sent.append(route.request.headers.get("authorization"))
        known = sent[-1] == "Bearer letmein"
        route.continue_() if known else route.fulfill(
            status=401, json={"title": "A key is needed."}
        )

    visit.page.route("**/v1/**", guard)
    visit.go("/")
    expect(visit.page.get_by_role("dialog")).to_be_visible()
    assert visit.violations() == []
    visit.page.get_by_label("API key").fill("letmein")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("alert")).to_have_count(0)
    expect(visit.page.get_by_role("button", name="Forget key")).to_be_visible()
    assert sent == [None, None, "Bearer letmein", "Bearer letmein"]
    assert "letmein" not in visit.page.evaluate("JSON.stringify(localStorage) + document.cookie")


def test_a_job_waits_for_an_unavailable_engine_and_the_page_shows_it(visit_at, absent_site, name):
    visit = visit_at(absent_site)
    upload(visit, HOSTILE, name)
    visit.page.get_by_role("button", name="How many segments?").click()
    expect(
        visit.page.get_by_text("It begins by itself as soon as the engine is back")
    ).to_be_visible()
    assert visit.violations() == []


def test_a_broken_event_stream_is_reported_and_resumed(idle_visit, name):
    upload(idle_visit, HOSTILE, name)
    idle_visit.page.route("**/v1/jobs/**", lambda route: route.abort())
    idle_visit.page.get_by_role("button", name="How many segments?").click()
    expect(
        idle_visit.page.get_by_text("The service cannot be reached. Looking again")
    ).to_be_visible()
    idle_visit.page.unroute("**/v1/jobs/**")
    expect(idle_visit.page.get_by_text("Waiting for its turn")).to_be_visible()


def test_an_unknown_address_leads_back_to_the_start(visit):
    visit.go("/nowhere")
    visit.page.get_by_role("link", name="Go to the start").click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Customer segments")


def test_the_theme_that_was_chosen_stays(visit):
    visit.go("/")
    visit.page.get_by_label("Theme").select_option("dark")
    visit.page.reload()
    assert visit.page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    assert visit.violations() == []


def test_the_first_stop_of_the_keyboard_skips_to_the_content(visit):
    visit.go("/")
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate("document.activeElement.id") == "content"
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.type") == "file"
