"""The way from a table to segments in production, by keyboard alone."""

from playwright.sync_api import expect

from tests.support.steps import INCOME

FOCUSED = """() => {
    const at = document.activeElement;
    const labelled = at.labels?.[0]?.textContent.trim() || at.textContent.trim();
    return at.getAttribute("aria-label") || labelled;
}"""
FARTHEST = 120  # stops


def tab_to(visit, wanted) -> None:
    """Press Tab until what is wanted has the focus."""
    for _ in range(FARTHEST):
        visit.page.keyboard.press("Tab")
        if visit.page.evaluate(FOCUSED).startswith(wanted):
            return
    raise AssertionError(f"no way to {wanted}")


def press(visit, wanted) -> None:
    tab_to(visit, wanted)
    visit.page.keyboard.press("Enter")


def fill(visit, wanted, text) -> None:
    tab_to(visit, wanted)
    visit.page.keyboard.type(text)


def test_a_table_becomes_segments_in_production_by_keyboard_alone(visit, sample_csv, name):
    page = visit.page
    file = {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": sample_csv.encode()}
    page.on("filechooser", lambda chooser: chooser.set_files(file))
    visit.go("/")
    press(visit, "Drop a table here")
    expect(page.get_by_label("Name of the dataset")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    tab_to(visit, "Use Gender")
    page.keyboard.press("Space")
    expect(page.get_by_label("Use Gender")).not_to_be_checked()
    fill(visit, "Number of segments", "3")
    press(visit, "Learn segments")
    expect(page.locator(".cards > li")).to_have_count(3)
    press(visit, "Rename")
    page.keyboard.press("Control+A")
    page.keyboard.type("Regulars")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Rename Regulars")).to_be_focused()
    fill(visit, INCOME, "40")
    page.keyboard.press("Enter")
    expect(page.locator(".placed")).to_be_visible()
    tab_to(visit, "Number of segments")
    page.keyboard.press("ArrowUp")
    press(visit, "Learn a further version")
    expect(page.locator(".cards > li")).to_have_count(2)
    press(visit, "Put into production")
    expect(page.locator("[aria-current=page]")).to_have_text("Version 2production")
