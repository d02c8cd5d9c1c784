"""How bright colours are, as WCAG 2.2 defines it."""

from __future__ import annotations

import re


def luminance(colour: str) -> float:
    """The relative luminance of #rrggbb, or of rgb(r, g, b) as browsers print it: 0 is black, 1 is white."""
    if colour.startswith("#"):
        parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    else:
        parts = [int(c) for c in re.findall(r"\d+", colour)]
    scaled = [c / 255 for c in parts]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in scaled)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
