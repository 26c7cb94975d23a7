"""The page, walked in a real browser from a table to segments in production."""

import pytest

from tests.browser.page_steps import (
    assign,
    compare,
    download,
    fit,
    promote,
    recommend_k,
    refit,
    rename_segment,
    upload,
)


@pytest.mark.parametrize(
    ("table", "visit"),
    [("sample_csv", (375, "dark")), ("mall_csv", (1280, "light"))],
    indirect=["visit"],
    ids=["sample, on a phone, dark", "mall, on a desk, light"],
)
def test_a_table_becomes_segments_in_production(visit, table, name, request):
    upload(visit, request.getfixturevalue(table), name)
    for step in (recommend_k, fit, rename_segment, assign, refit, promote, compare):
        step(visit)
        assert (step.__name__, visit.violations(), visit.is_too_wide()) == (
            step.__name__,
            [],
            False,
        )
    visit.page.get_by_role("link", name=f"Back to {name}").click()
    assert download(visit, "Members of").startswith("CustomerID,")
    assert "Everyday people" in download(visit, "Download the report")
    assert (visit.complaints, visit.elsewhere) == ([], [])
