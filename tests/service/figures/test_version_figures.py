"""Every figure of versions of both algorithms, few and many segments, all feature kinds."""

import json
from itertools import combinations, product
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from models.charts.text_metrics import width
from models.figures import OF_VERSIONS
from tests.support.steps import fit, put_csv

pytestmark = [pytest.mark.slow, pytest.mark.costly]

ALGORITHMS, SIZES = ("kmeans", "hierarchical"), (2, 5, 20)
NUMBERS, CATEGORIES = ("Annual Income (k$)", "Recency (days)", "Age"), ("Plan", "Region", "Channel")
FEATURES = {"numbers": NUMBERS, "categories": CATEGORIES, "mixed": NUMBERS + CATEGORIES}
REGIONS = ("North", "South", "East", "West", "A region with a very long name indeed")
VERSIONS = list(product(ALGORITHMS, FEATURES, SIZES))
SVG = "{http://www.w3.org/2000/svg}"

every_version = pytest.mark.parametrize(
    "version", VERSIONS, ids=lambda version: "-".join(map(str, version))
)


def shoppers(n=300):
    random = np.random.default_rng(5)
    group = random.integers(0, 5, n)
    columns = {
        "customer_id": range(n),
        "Annual Income (k$)": np.round(random.normal(40 + 12 * group, 6), 1),
        "Recency (days)": random.lognormal(3 + 0.4 * ((group + 2) % 5), 0.5).astype(int),
        "Age": np.where(random.random(n) < 0.05, "", random.integers(18, 70, n).astype(str)),
        "Plan": np.array(["basic", "plus", "gold", "family", "student"])[
            (group + random.integers(0, 2, n)) % 5
        ],
        "Region": np.array(REGIONS)[random.integers(0, 5, n)],
        "Channel": np.where(random.random(n) < 0.2 + 0.15 * group, "online", "shop"),
    }
    lines = zip(*columns.values(), strict=True)
    return "\n".join([",".join(columns), *(",".join(map(str, line)) for line in lines)])


@pytest.fixture(scope="module")
def figures(sampled):
    """What is asked of the figures of a version, which is fitted the first time."""
    put_csv(sampled, "shoppers", shoppers())
    fitted = {}

    def figures(version):
        algorithm, kind, k = version
        if version not in fitted:
            name = "-".join(("drawn", algorithm, kind, str(k)))
            asked = {
                "dataset": "shoppers",
                "features": FEATURES[kind],
                "k": k,
                "algorithm": {"name": algorithm},
            }
            fitted[version] = (
                f"/v1/models/{fit(sampled, name, **asked)['model']}/versions/1/figures"
            )
        return fitted[version]

    return figures


@pytest.fixture
def drawn(sampled, figures):
    """Every figure of a version that exists, in one format."""

    def drawn(version, extension):
        place = figures(version)
        names = [each["figure"] for each in sampled.get(place).json()["figures"] if each["exists"]]
        answers = {name: sampled.get(f"{place}/{name}.{extension}") for name in names}
        assert {answer.status_code for answer in answers.values()} == {200}
        return {name: answer.content for name, answer in answers.items()}

    return drawn


@every_version
def test_every_figure_exists_or_is_listed_with_its_reason(sampled, figures, version):
    algorithm, kind, _ = version
    found = {each["figure"]: each for each in sampled.get(figures(version)).json()["figures"]}
    without = {"boxes"} if kind == "categories" else set()
    without |= {"dendrogram"} if algorithm == "kmeans" else set()
    assert list(found) == [figure.name for figure in OF_VERSIONS]
    assert {name for name, each in found.items() if not each["exists"]} == without
    assert all(found[name]["reason"].endswith(".") for name in without)


@every_version
def test_every_figure_is_a_page_and_a_table(drawn, version):
    assert all(page.startswith(b"<!DOCTYPE html>") for page in drawn(version, "html").values())
    assert all(json.loads(table)["rows"] for table in drawn(version, "json").values())


@every_version
def test_every_figure_is_a_picture(drawn, pytestconfig, version):
    # A large one takes a second: two versions every day, all of them in a soak.
    if version[1:] != ("mixed", 5) and not pytestconfig.getoption("--soak"):
        pytest.skip("drawn as PNG with --soak")
    assert all(picture.startswith(b"\x89PNG") for picture in drawn(version, "png").values())


@every_version
def test_texts_do_not_overlap_or_exceed_the_edge(drawn, version):
    for name, svg in drawn(version, "svg").items():
        root = ET.fromstring(svg)  # noqa: S314 - our own
        boxes = [_box(text) for text in root.iter(f"{SVG}text") if text.get("transform") is None]
        upon = [(a[0], b[0]) for a, b in combinations(boxes, 2) if _overlap(a, b)]
        assert (name, upon) == (name, [])
        wide, high = float(root.get("width")), float(root.get("height"))
        assert [text for text, *box in boxes if not _within(box, wide, high)] == []


@every_version
def test_segments_have_names_and_not_numbers(sampled, drawn, figures, version):
    named = [
        each["name"]
        for each in sampled.get(figures(version).removesuffix("/figures")).json()["segments"]
    ]
    for svg in drawn(version, "svg").values():
        said = " ".join(text.text for text in ET.fromstring(svg).iter(f"{SVG}text"))  # noqa: S314 - our own
        assert [name for name in named if name[:8] not in said] == []


def _box(text):
    size, x, y = (float(text.get(each)) for each in ("font-size", "x", "y"))
    wide = 0.85 * width(text.text, size)  # the estimate is on the safe side
    left = x - {"middle": 0.5, "end": 1.0}.get(text.get("text-anchor"), 0.0) * wide
    return text.text, left, left + wide, y - 0.7 * size, y + 0.2 * size


def _overlap(one, other):
    _, *a = one
    _, *b = other
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


def _within(box, wide, high):
    left, right, top, bottom = box
    return left >= 0 and right <= wide and top >= 0 and bottom <= high
