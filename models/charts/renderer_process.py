"""Child process that renders an SVG document on stdin as a PNG image on stdout.

Its arguments are the pixels per unit of the document, and the font files.
"""

import sys

from resvg_py import svg_to_bytes

if __name__ == "__main__":
    _, pixel_ratio, *font_files = sys.argv
    image = svg_to_bytes(
        svg_string=sys.stdin.buffer.read().decode(),
        zoom=float(pixel_ratio),
        font_files=font_files,
        skip_system_fonts=True,
    )
    sys.stdout.buffer.write(image)
