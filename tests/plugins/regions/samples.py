"""A drawn portrait, in which both networks see what they would in a photograph, and a landscape without anybody."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

FACE = (255, 225, 85, 120)
"""The middle of the drawn face, x before y, and half its width and height, on a drawing of 512 x 512 pixels."""


def portrait(side: int = 512) -> np.ndarray:
    """A person before a blue wall, side x side x 3, 0..255."""
    image = Image.new("RGB", (512, 512), (120, 150, 170))
    draw = ImageDraw.Draw(image)
    draw.ellipse([100, 330, 412, 760], fill=(40, 50, 90))
    draw.rectangle([226, 300, 286, 380], fill=(200, 150, 120))
    draw.ellipse([158, 60, 354, 300], fill=(60, 40, 25))
    draw.ellipse([176, 95, 336, 340], fill=(225, 175, 145))
    for x in (215, 297):
        draw.ellipse([x - 20, 188, x + 20, 210], fill=(250, 250, 250))
        draw.ellipse([x - 10, 189, x + 10, 209], fill=(70, 45, 30))
        draw.arc([x - 28, 160, x + 28, 200], 200, 340, fill=(60, 40, 25), width=8)
    draw.polygon([(256, 205), (242, 252), (270, 252)], fill=(200, 145, 115))
    draw.ellipse([236, 244, 276, 260], fill=(205, 150, 120))
    draw.ellipse([220, 278, 292, 300], fill=(170, 70, 70))
    draw.line([222, 288, 290, 288], fill=(90, 30, 30), width=3)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(2)).resize((side, side)), np.float32)


def landscape(width: int = 320, height: int = 200) -> np.ndarray:
    """Hills under the sky, height x width x 3, 0..255."""
    y, x = np.mgrid[:height, :width]
    sky = np.stack([90 + y / 4, 140 + y / 4, 220 - y / 8], axis=-1)
    for base, tone in ((0.5, (120, 140, 130)), (0.7, (70, 110, 60))):
        hill = y > height * (base + 0.06 * np.sin(x / 40 + 9 * base))
        sky[hill] = tone
    return (sky + np.random.default_rng(0).normal(0, 4, sky.shape)).clip(0, 255).astype(np.float32)
