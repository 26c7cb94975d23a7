"""The report of a version."""

import re

import pytest

from tests.support.steps import fit

REPORT = "/v1/models/{}/versions/1/report.html"


@pytest.fixture(scope="module")
def report(sampled):
    answer = sampled.get(REPORT.format("sample"))
    assert answer.status_code == 200, answer.text
    return answer


def test_every_segment_has_its_card(sampled, report):
    segments = sampled.get("/v1/models/sample/versions/1").json()["segments"]
    cards = re.findall(r'<section class="segment".*?<h3>(.*?)</h3>', report.text)
    assert cards == [each["name"] for each in segments]


def test_every_card_has_a_suggestion_and_a_figure(report):
    cards = re.findall(r'<section class="segment".*?</section>', report.text, flags=re.DOTALL)
    assert cards
    assert all("<h4>What to do</h4><ul><li>" in card for card in cards)
    assert all(
        ("What sets them apart" in card) == ("<title>Against all customers</title>" in card)
        for card in cards
    )
    assert any("What sets them apart" in card for card in cards)


def test_the_method_and_its_limits_come_last(report):
    titles = re.findall("<h2>(.*?)</h2>", report.text)
    assert titles == ["The segments", "The pictures", "Method and limits"]


def test_the_report_loads_nothing_from_elsewhere(report):
    assert re.findall(r"<script|<link|<img|<iframe|\bsrc=|\bhref=|url\(|@import", report.text) == []
    addresses = set(re.findall(r"\w+://[^\"' <]+", report.text))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert report.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_the_report_holds_pictures(report):
    assert report.text.count("<svg ") == report.text.count("</svg>") >= 4


def test_names_and_descriptions_are_escaped(sampled, name):
    [segment, *_] = fit(sampled, name)["segments"]
    words = {"name": "<script>alert(1)</script>", "description": "a <b> & c"}
    sampled.patch(f"/v1/models/{name}/segments/{segment['segment']}", json=words)
    text = sampled.get(REPORT.format(name)).text
    assert "<script" not in text
    assert "a &lt;b&gt; &amp; c" in text


@pytest.mark.parametrize("words", [{"description": "New words."}, {"name": "New name"}])
def test_words_that_change_make_another_report(sampled, name, words):
    [segment, *_] = fit(sampled, name)["segments"]
    tag = sampled.get(REPORT.format(name)).headers["ETag"]
    assert (
        sampled.get(REPORT.format(name), headers={"If-None-Match": f"W/{tag}"}).status_code == 304
    )
    sampled.patch(f"/v1/models/{name}/segments/{segment['segment']}", json=words)
    assert sampled.get(REPORT.format(name), headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("k", [1, 2])
def test_a_report_needs_no_second_segment(sampled, name, k):
    fit(sampled, name, k=k, features=["Gender"])
    assert sampled.get(REPORT.format(name)).status_code == 200


def test_mostly_zero_columns_are_described_by_shares(sampled, name):
    rows = "".join(
        f"{n},{0 if n % 2 or n % 5 == 0 else 200 + n},{300 + 5 * (n % 2) * n}\n" for n in range(200)
    )
    sampled.put(
        f"/v1/datasets/{name}",
        content=f"id,advance,spend\n{rows}",
        headers={"Content-Type": "text/csv"},
    )
    segments = fit(sampled, name, dataset=name, k=2, features=["advance", "spend"])["segments"]
    text = sampled.get(REPORT.format(name)).text
    assert len(re.findall(r"advance: [0-9]+ % have any, 40 % of all", text)) >= len(segments)
    assert "advance: typically" not in text
