"""Upload of tables on the page: dropped or chosen, customers or purchases, refused and retried."""

import pytest
from playwright.sync_api import expect

CUSTOMERS = "customer_id,age,size\n" + "".join(f"{i},{20 + i % 40},{i % 7}\n" for i in range(60))
PURCHASES = "client,bought on,total\n" + "".join(
    f"{i % 40},2026-0{1 + i % 9}-1{i % 7},{5 + i % 23}\n" for i in range(200)
)
AMBIGUOUS = "id,Age,age\n1,2,3\n"
DROP = """([zone, text, name]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], name, {type: "text/csv"}));
    const event = {dataTransfer, bubbles: true, cancelable: true};
    for (const type of ["dragover", "drop"]) zone.dispatchEvent(new DragEvent(type, event));
}"""


def choose(visit, text, name) -> None:
    file = {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": text.encode()}
    visit.page.set_input_files("input[type=file]", file)


def upload(visit) -> None:
    visit.page.get_by_role("button", name="Upload").click()


@pytest.fixture
def brought(visit, name):
    """A visit to a dataset that was just brought."""
    visit.go("/")
    choose(visit, CUSTOMERS, name)
    upload(visit)
    expect(visit.page.get_by_label("Kind of age")).to_have_value("numeric")
    return visit


def test_a_dropped_file_is_uploaded(visit, name):
    visit.go("/")
    zone = visit.page.locator(".drop").element_handle()
    visit.page.evaluate(DROP, [zone, CUSTOMERS, f"{name}.csv"])
    expect(visit.page.get_by_label("Name of the dataset")).to_have_value(name)
    upload(visit)
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(name)


def test_a_file_dropped_outside_the_drop_zone_changes_nothing(visit, name):
    visit.go("/")
    body = visit.page.locator("header").element_handle()
    visit.page.evaluate(DROP, [body, CUSTOMERS, f"{name}.csv"])
    expect(visit.page.locator(".drop")).to_be_visible()


def test_purchases_become_customers_and_the_likely_columns_are_proposed(visit, name):
    visit.go("/")
    choose(visit, PURCHASES, name)
    visit.page.get_by_label("Each row is").select_option("A purchase")
    expect(visit.page.get_by_label("Column of the customer")).to_have_value("client")
    expect(visit.page.get_by_label("Column of the amount")).to_have_value("total")
    visit.page.get_by_label("Column of the date").fill("bought on")
    upload(visit)
    expect(visit.page.locator(".lead")).to_contain_text("40 customers, each named by client")
    expect(visit.page.get_by_label("Use recency", exact=False)).to_be_visible()


def test_a_refused_table_can_be_corrected_and_uploaded_again(visit, name):
    visit.go("/")
    choose(visit, AMBIGUOUS, name)
    upload(visit)
    expect(visit.page.get_by_role("alert")).to_contain_text("Age")
    expect(visit.page.get_by_text("Nothing was kept.")).to_be_visible()
    choose(visit, CUSTOMERS, name)
    upload(visit)
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(name)


def test_a_model_can_be_fitted_before_the_list_of_models_is_loaded(visit, name):
    visit.page.route("**/v1/models?*", lambda asked: None)  # noqa: ARG005 - what asks is left without an answer
    visit.go("/")
    choose(visit, CUSTOMERS, name)
    upload(visit)
    expect(visit.page.get_by_label("Name of the model")).to_have_value(name)


def test_the_kind_of_a_column_can_be_changed(brought):
    page = brought.page
    page.get_by_label("Use size").uncheck()
    page.get_by_label("Kind of age").select_option("ignored")
    page.get_by_role("button", name="Read the columns so").click()
    expect(page.get_by_text("The columns are read anew, as version 2.")).to_be_visible()
    expect(page.get_by_label("Use age")).to_have_count(0)
    expect(page.get_by_label("Use size")).not_to_be_checked()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Table of columns"


def test_without_a_ticked_column_no_request_is_sent_and_the_page_shows_the_reason(brought):
    for column in ("age", "size"):
        brought.page.get_by_label(f"Use {column}").uncheck()
    brought.page.get_by_role("button", name="How many segments?").click()
    expect(brought.page.get_by_role("alert")).to_contain_text("No column is ticked.")
    assert brought.complaints == []
