"""The document, the dashboard and the service speak of the same figures."""

import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.paths import ROOT
from tests.support.steps import INCOME, SCORE, place

DOCS = ROOT / "docs"
DOCUMENT = (DOCS / "observability.md").read_text()
DASHBOARD = json.loads((DOCS / "grafana-dashboard.json").read_text())
QUERIES = [
    (panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]
]
FIGURE = re.compile(r"\b(?:segmentation|process)_\w+")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\| (.+) \|$", re.MULTILINE)
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


@pytest.fixture(scope="module")
def families(sampled):
    """The figures of a service that has been used."""
    place(sampled, "sample", {INCOME: 60, SCORE: 50})
    return list(text_string_to_metric_families(sampled.get("/metrics").text))


@pytest.fixture(scope="module")
def names(families):
    """What a query may name."""
    return {
        family.name + suffix for family in families for suffix in SUFFIXES.get(family.type, ("",))
    }


def written(family):
    total = "_total" if family.type == "counter" else ""
    return family.name + total, family.type, family.documentation


def test_every_figure_is_documented_with_its_type_and_its_meaning(families):
    documented = {(name, kind, meaning) for name, kind, _, meaning in ROW.findall(DOCUMENT)}
    assert documented == {written(family) for family in families}


def test_every_figure_has_the_labels_that_are_documented(families):
    documented = {
        name: set(re.findall(r"\w+", labels)) for name, _, labels, _ in ROW.findall(DOCUMENT)
    }
    labels = {
        written(family)[0]: {label for sample in family.samples for label in sample.labels} - {"le"}
        for family in families
        if family.samples
    }
    assert labels == {name: documented[name] for name in labels}


@pytest.mark.parametrize(("title", "query"), QUERIES)
def test_the_dashboard_uses_existing_metrics_only(names, title, query):
    assert set(FIGURE.findall(query)) <= names, title


def test_the_dashboard_shows_all_figures_of_our_own(names):
    shown = {name for _, query in QUERIES for name in FIGURE.findall(query)}
    ours = {
        re.sub("_(bucket|sum|count)$", "", name)
        for name in names
        if name.startswith("segmentation_")
    }
    assert {re.sub("_bucket$", "", name) for name in shown} >= ours


def test_the_alerts_use_existing_metrics_only(names):
    alerts = DOCUMENT[DOCUMENT.index("### Alerts") : DOCUMENT.index("### Dashboard")]
    assert set(FIGURE.findall(alerts)) <= names


def test_no_metric_has_a_label_that_could_name_a_customer(families):
    labels = {label for family in families for sample in family.samples for label in sample.labels}
    assert labels == {
        "algorithm", "cache", "kind", "le", "method", "python", "route", "state", "status",
        "version",
    }  # fmt: skip
