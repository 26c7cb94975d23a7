"""The steps that a user takes on the page."""

from playwright.sync_api import expect

from tests.support.steps import INCOME, SCORE

UNUSED = ["Use Age", "Use Gender"]


def upload(visit, csv, name) -> None:
    visit.go("/")
    file = {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": csv.encode()}
    visit.page.set_input_files("input[type=file]", file)
    visit.page.get_by_role("button", name="Upload").click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(name)


def recommend_k(visit) -> None:
    for box in UNUSED:
        visit.page.get_by_label(box).uncheck()
    visit.page.get_by_label("At most").fill("6")
    visit.page.get_by_role("button", name="How many segments?").click()
    expect(visit.page.locator(".answer")).to_contain_text("segments")


def fit(visit) -> None:
    visit.page.get_by_role("button", name="Go on with 5 segments").click()
    visit.page.get_by_role("button", name="Learn segments").click()
    expect(visit.page.locator(".cards > li")).to_have_count(5)


def rename_segment(visit) -> None:
    visit.page.get_by_role("button", name="Rename").first.click()
    visit.page.get_by_label("Name", exact=True).fill("Everyday people")
    visit.page.get_by_role("button", name="Save").click()
    expect(visit.page.locator(".cards h3").first).to_have_text("Everyday people")


def assign(visit) -> None:
    visit.page.get_by_label(INCOME, exact=True).fill("90")
    visit.page.get_by_label(SCORE, exact=True).fill("80")
    visit.page.get_by_role("button", name="Find the segment").click()
    expect(visit.page.locator(".placed .answer")).to_have_text("high income, high spending")
    expect(visit.page.locator(".placed .bars li")).to_have_count(2)


def refit(visit) -> None:
    visit.page.get_by_label("Number of segments").select_option("4")
    visit.page.get_by_role("button", name="Learn a further version").click()
    expect(visit.page.locator(".cards > li")).to_have_count(4)


def promote(visit) -> None:
    visit.page.get_by_role("button", name="Put into production").click()
    expect(visit.page.locator("[aria-current=page]")).to_have_text("Version 2production")


def compare(visit) -> None:
    visit.page.get_by_role("link", name="Compare versions").click()
    expect(visit.page.get_by_role("columnheader")).to_have_text(["Version 1", "Version 2"] * 2)
    expect(visit.page.locator(".lead")).to_contain_text("would be in another segment")
    expect(visit.page.locator(".picture img")).to_have_count(2)


def download(visit, link) -> str:
    with visit.page.expect_download() as begun:
        visit.page.get_by_role("link", name=link).first.click()
    return begun.value.path().read_text()
