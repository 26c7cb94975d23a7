"""Themes: a palette for color-blind readers, and marker shapes that work without color."""

from dataclasses import dataclass
from typing import Final, Literal

from models.charts.spec import Color, Role

Theme = Literal["light", "dark"]
Shape = Literal["circle", "square", "up", "diamond", "down", "plus", "star", "cross"]

# Okabe & Ito (2008), without black and without yellow, which has too little contrast on white.
HUES: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6BB1")
# Shares of black (negative) or white (positive) to mix in, in order of use, mostly away from the
# background.
SHADES: Final[dict[Theme, tuple[float, ...]]] = {
    "light": (0.0, -0.4, 0.45, -0.65),
    "dark": (0.1, 0.5, -0.35, 0.75),
}
SHAPES: Final[tuple[Shape, ...]] = (
    "circle",
    "square",
    "up",
    "diamond",
    "down",
    "plus",
    "star",
    "cross",
)
INKS: Final = ("#000000", "#FFFFFF")  # one of them has a contrast of at least 4.5 on any color
LOW, HIGH = "#2166AC", "#D6604D"


@dataclass(frozen=True, kw_only=True)
class Palette:
    """The colors of one theme."""

    theme: Theme
    background: str
    roles: dict[Role, str]
    middle: str

    def color(self, color: Color) -> str:
        """Return the color of a segment, equal in all charts, or of a role."""
        if not isinstance(color, int):
            return self.roles[color]
        shades = SHADES[self.theme]
        shade = shades[color // len(HUES) % len(shades)]
        return blend(HUES[color % len(HUES)], "#FFFFFF" if shade > 0 else "#000000", abs(shade))

    def heatmap_color(self, value: float) -> str:
        """Return the heat map color of a value from -1 to 1."""
        return blend(self.middle, HIGH if value > 0 else LOW, min(abs(value), 1.0))


LOOKS: Final[dict[Theme, Palette]] = {
    "light": Palette(
        theme="light",
        background="#FFFFFF",
        roles={
            "ink": "#1F2328",
            "muted": "#59636E",
            "grid": "#DDE1E6",
            "accent": "#0072B2",
            "warm": "#D55E00",
        },
        middle="#F4F4F2",
    ),
    "dark": Palette(
        theme="dark",
        background="#14181D",
        roles={
            "ink": "#E8ECF0",
            "muted": "#A3ADB8",
            "grid": "#343B44",
            "accent": "#56B4E9",
            "warm": "#F0883E",
        },
        middle="#2A3038",
    ),
}


def shape(color: Color) -> Shape:
    """Return the marker shape of a segment."""
    return SHAPES[color % len(SHAPES)] if isinstance(color, int) else "circle"


def text_color_on(background: str) -> str:
    """Return the text color with the highest contrast on a background."""
    return max(INKS, key=lambda ink: contrast_ratio(ink, background))


def contrast_ratio(color: str, other: str) -> float:
    """Compute the contrast ratio of two colors, 1 to 21 (W3C 2018, WCAG 2.1)."""
    darker, lighter = sorted((_relative_luminance(color), _relative_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def blend(color: str, other: str, share: float) -> str:
    """Mix a color with a share of another."""
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def _relative_luminance(color: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - sRGB


def _channels(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]
