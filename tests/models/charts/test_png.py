"""PNG images are rendered from SVG, in a child process."""

import struct
import subprocess
import sys

import pytest

from models.charts import png
from models.charts.png import to_png
from models.charts.svg import FONTS

SIZE = 'width="90" height="41" viewBox="0 0 90 41"'


def svg(text="", look=""):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {SIZE} font-family="{FONTS}">'
    return f'{head}<text x="5" y="30" font-size="20" {look}>{text}</text></svg>'


def test_an_image_has_two_pixels_per_unit():
    image = to_png(svg("a"))
    assert (image[:8], struct.unpack(">II", image[16:24])) == (b"\x89PNG\r\n\x1a\n", (180, 82))


@pytest.mark.parametrize(
    ("text", "look"),
    [("i", ""), ("m", ""), ("m", 'font-weight="600"'), ("ж", ""), ("\N{MINUS SIGN}", "")],
)
def test_text_is_drawn_in_the_fonts_beside_the_module(monkeypatch, text, look):
    drawn = to_png(svg(text, look))
    monkeypatch.setattr(png, "_FONTS", [])
    assert drawn != to_png(svg(text, look))


def test_bold_text_has_a_font_of_its_own():
    assert to_png(svg("m", 'font-weight="600"')) != to_png(svg("m"))


def test_characters_without_a_glyph_are_drawn_as_boxes():
    assert to_png(svg("東")) == to_png(svg("京")) != to_png(svg(" "))


def test_the_renderer_is_never_loaded_into_the_process():
    code = (
        "import sys\nfrom models.charts.png import to_png\n"
        f"assert to_png({svg('a')!r})\nassert 'resvg_py' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # noqa: S603 - our own command


def test_the_renderer_inherits_no_settings(monkeypatch, tmp_path):
    script = tmp_path / "environment.py"
    script.write_text("import os; print(*os.environ)")
    monkeypatch.setattr(png, "_SCRIPT", script)
    monkeypatch.setenv("SEGMENTATION_SIGNING_KEY", "secret")
    names = to_png("").decode().split()
    assert ("PATH" in names, "SEGMENTATION_SIGNING_KEY" in names) == (True, False)


def test_a_document_that_cannot_be_rendered_raises():
    with pytest.raises(subprocess.CalledProcessError):
        to_png("<svg")
