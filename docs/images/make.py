"""Make the pictures that docs/*.md explain nstk with, by nstk itself and the real VGG-19.

    python docs/images/make.py                      # all of them: some ten minutes on two processor cores
    python docs/images/make.py activations weights  # the pictures of some functions below

Run it from the repository's root, in an environment that has nstk installed. Each function below makes the pictures of one
section of the page and writes them as JPEG beside this file. Everything random is seeded, so the pictures change only where
nstk, its recipes or the settings here do. Look at them after that: the text says what they show.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

import nstk
from nstk.engine.layer_sheet import layer_sheet
from nstk.registry.registry import Registry

HERE = Path(__file__).resolve().parent
PICTURES = HERE.parents[1] / "recipes" / "images"
QUALITY = 85
LONG_EDGE = 320
"""Of the Louvre's pictures, pixels; the others are a little smaller, because they are less wide."""

ROOFS = [
    *[(0, 109), (16, 101), (41, 85), (52, 55), (63, 57), (79, 66), (101, 68), (118, 90), (127, 112), (129, 138), (164, 138)],
    *[(183, 130), (202, 133), (216, 145), (235, 167), (295, 167), (346, 126), (399, 167), (472, 164), (495, 148), (500, 134)],
    *[(520, 133), (533, 142), (550, 150), (574, 139), (580, 104), (596, 87), (613, 77), (632, 63), (640, 52), (651, 60)],
    *[(662, 77), (678, 90), (684, 104), (700, 109)],
]
"""Where the sky ends in the photograph of the Louvre, drawn by hand: columns and rows of pixels from left to right."""

SMOOTH = {"use": "vgg19", "pooling": "average", "padding": "reflect"}
"""The network for pictures out of noise: average pooling, as in the paper, and no dark borders."""


def save(name: str, picture: np.ndarray) -> None:
    """Write a picture, height x width x 3, 0..255."""
    nstk.write_picture(np.asarray(picture, np.float32), HERE / f"{name}.jpg", QUALITY)


def original(name: str, long_edge: int) -> np.ndarray:
    """One of the shipped pictures, with so many pixels along its longer edge."""
    picture = nstk.read_picture(PICTURES / f"{name}.jpg")
    height, width = picture.shape[:2]
    scale = long_edge / max(height, width)
    return nstk.resize(picture, round(width * scale), round(height * scale))


def paint(content: str, style: str, *, stages: Sequence[int], **recipe: Any) -> dict[int, np.ndarray]:
    """The picture after each of so many steps, by their number; 0 is the one that the first step starts from."""
    with tempfile.TemporaryDirectory() as folder:
        loaded = nstk.load_recipe(
            {
                "content": str(PICTURES / f"{content}.jpg"),
                "style": str(PICTURES / f"{style}.jpg"),
                "steps": max(stages),
                "pyramid": False,  # the pages show the loop as it is, at one scale
                "precision": "float32",
                "checkpoint": False,
                "callbacks": {"progress": False, "snapshots": {"every": int(np.gcd.reduce(stages)) or max(stages)}},
                "output": f"{folder}/picture.png",
                **recipe,
            }
        )
        nstk.run(loaded)
        made = {step: nstk.read_picture(f"{folder}/picture-{step:05}.png") for step in stages if step}
    if 0 in stages:
        there = original(content, loaded.size)
        pictures = nstk.Pictures(there, {"style": original(style, loaded.size)})
        made[0] = loaded.init(pictures, np.random.default_rng(loaded.seed))
    return made


def activations() -> None:
    """What six channels of a shallow, a middle and a deep layer see of the Louvre, in grey."""
    layers = ["block1_conv1", "block3_conv1", "block5_conv1"]
    photograph = original("louvre", 640)
    network = nstk.load_recipe("louvre").backbone.build(layers)
    found = network(photograph[np.newaxis])
    for layer in layers:
        maps = np.asarray(found[layer])[0]
        save(f"activations_{layer}", sheet([maps[..., channel] for channel in telling(maps, 6)], columns=3, width=240))


def telling(maps: np.ndarray, count: int) -> list[int]:
    """The channels that vary most, each unlike those that were chosen before it."""
    flat = maps.reshape(-1, maps.shape[-1])
    spread = flat.std(axis=0)
    alike = np.abs(np.nan_to_num(np.corrcoef(flat[:, spread > 0], rowvar=False)))
    alive = np.flatnonzero(spread > 0)
    chosen = [int(spread[alive].argmax())]
    while len(chosen) < count:
        chosen.append(int((spread[alive] * (1 - alike[chosen].max(axis=0))).argmax()))
    return [int(alive[place]) for place in chosen]


def sheet(maps: Sequence[np.ndarray], columns: int, width: int, gap: int = 6) -> np.ndarray:
    """Maps side by side in rows, each from black (nothing) to white (its largest activations), its cells as squares."""
    height = round(width * maps[0].shape[0] / maps[0].shape[1])
    rows = -(-len(maps) // columns)
    page = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.float32)
    for index, map_ in enumerate(maps):
        grey = 255 * np.clip(map_ / np.percentile(map_, 99.5), 0, 1)
        if grey.shape[1] > width:  # smaller than it is
            panel = nstk.resize(np.repeat(grey[..., None], 3, axis=2).astype(np.float32), width, height)
        else:
            y, x = np.arange(height) * grey.shape[0] // height, np.arange(width) * grey.shape[1] // width
            panel = np.repeat(grey[y][:, x, None], 3, axis=2)
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        page[top : top + height, left : left + width] = panel
    return page


def content() -> None:
    """Pictures that started as noise and have the Louvre's activations at one layer."""
    for layer in ("block1_conv2", "block2_conv2", "block4_conv2", "block5_conv2"):
        losses = {"content": {"layers": [layer]}}
        made = paint("louvre", "sandstone", stages=[100], size=256, backbone=SMOOTH, losses=losses, init="noise")
        save(f"content_{layer}", made[100])


def style() -> None:
    """The Café Terrace, and pictures that started as noise and have its Gram matrices at the first layers."""
    save("style_painting", original("cafe_terrace", 256))
    for count in (1, 2, 3, 5):
        losses = {"gram": {"layers": [f"block{block}_conv1" for block in range(1, count + 1)]}}
        made = paint("cafe_terrace", "cafe_terrace", stages=[80], size=256, backbone=SMOOTH, losses=losses, init="noise")
        save(f"style_{count}", made[80])


def steps() -> None:
    """The Louvre becomes sandstone by the default recipe, from a copy of the photograph and from noise."""
    stages = [0, 5, 20, 50, 100]
    for start in ("content", "noise"):
        for step, picture in paint("louvre", "sandstone", stages=stages, size=LONG_EDGE, init=start).items():
            save(f"steps_{start}_{step:03}", picture)


def colour() -> None:
    """The Louvre after 60 steps of Adam at one scale, with the loss `colour` and without."""
    adam = {"optimizer": {"use": "adam", "learning_rate": 2}, "backbone": SMOOTH}
    others = {"content": {"weight": 1}, "gram": {"weight": 5}, "tv": {"weight": 0.3}}
    pixels = {"colour": {"use": "gram", "layers": ["image"], "weight": 100}}
    for name, losses in (("with", others | pixels), ("without", others)):
        save(f"colour_{name}", paint("louvre", "sandstone", stages=[60], size=224, losses=losses, **adam)[60])


def weights() -> None:
    """The cat by the Café Terrace with a little, more and much of the style."""
    for weight, name in ((0.3, "03"), (3, "3"), (30, "30")):
        losses = {"content": {"weight": 1}, "gram": {"weight": weight}, "tv": {"weight": 0.1}}
        save(f"weight_{name}", paint("chelsea", "cafe_terrace", stages=[60], size=256, losses=losses)[60])


def choosing() -> None:
    """The cat of the recipe `cafe` at one scale, each time with one change."""
    layers = {f"layer{block}": f"losses.wasserstein.layers=[block{block}_conv1]" for block in range(1, 6)}
    changes = {
        "base": "pyramid=false",
        "little": "losses.wasserstein.weight=1",
        "much": "losses.wasserstein.weight=100",
        **layers,
        "content2": "losses.content.layers=[block2_conv2]",
        "scale05": "style_scale=0.5",
        "scale2": "style_scale=2",
        "pyramid": "pyramid.levels=3",
    }
    for name, change in changes.items():
        overrides = ["size=320", "steps=60", change] + ["pyramid=false"] * ("pyramid" not in change)
        result = nstk.run(nstk.load_recipe("cafe", overrides=overrides, output=False), quiet=True)
        save(f"choosing-{name}", result.picture)


def paintings() -> None:
    """A pagoda after one painting, after two, and after the other one."""
    shown = HERE.parent / "gallery" / "pictures"
    scream, starry = str(shown / "scream.jpg"), str(shown / "starry_night.jpg")
    weights = {"scream": (1, 0), "both": (1, 1), "starry": (0, 1)}
    for name, (one, other) in weights.items():
        style = {"scream": {"picture": scream, "weight": one}, "starry": {"picture": starry, "weight": other}}
        recipe = nstk.load_recipe({"content": str(shown / "pagoda.jpg"), "style": style, "size": LONG_EDGE}, output=False)
        save(f"paintings_{name}", nstk.run(recipe, quiet=True).picture)


def colours() -> None:
    """A raccoon under The Starry Night, in the colours of the painting, of the photograph, and of both."""
    shown = HERE.parent / "gallery" / "pictures"
    pictures = {"content": str(shown / "raccoon.jpg"), "style": str(shown / "starry_night.jpg")}
    photograph = nstk.read_picture(pictures["content"])
    save("colours_photograph", nstk.resize(photograph, LONG_EDGE, LONG_EDGE * photograph.shape[0] // photograph.shape[1]))
    for whose in ("painting", "keep", "match", "histogram"):
        recipe = nstk.load_recipe({**pictures, "size": LONG_EDGE, "colours": whose}, output=False)
        save(f"colours_{whose}", nstk.run(recipe, quiet=True).picture)


def regions() -> None:
    """The person and the face that nstk finds in a portrait, and pictures that are painted in regions."""
    registry, photograph = Registry(installed=False), nstk.read_picture(HERE / "portrait.jpg")
    for name in ("person", "face"):
        map_ = registry.get("region", name)()(nstk.Pictures(photograph, {}))
        save(f"regions_{name}", 255 * np.repeat(map_[..., None], 3, axis=2))
    sky = Image.new("L", nstk.read_picture(PICTURES / "louvre.jpg").shape[1::-1])
    ImageDraw.Draw(sky).polygon([(0, 0), *ROOFS, (sky.width, 0)], fill="white")
    sky.save(HERE / "sky.png")
    starry = str(HERE.parent / "gallery" / "pictures" / "starry_night.jpg")
    above = {"picture": starry, "where": {"map": str(HERE / "sky.png"), "feather": 6}}
    louvre = {"content": str(PICTURES / "louvre.jpg"), "style": {"sky": above, "ground": str(PICTURES / "sandstone.jpg")}}
    portrait = {"content": str(HERE / "portrait.jpg"), "style": starry}
    for name, keys in {
        "sky": {**louvre, "size": 2 * LONG_EDGE},
        "background": {**portrait, "paint": "background", "size": LONG_EDGE},
        "faces": {**portrait, "size": LONG_EDGE},
    }.items():
        save(f"regions_{name}", nstk.run(nstk.load_recipe(keys, output=False), quiet=True).picture)


def layers() -> None:
    """The sheet of the recipe `cafe`: what each layer alone makes of the Café Terrace."""
    save("layers_sheet", layer_sheet(nstk.load_recipe("cafe"), size=160))


FUNCTIONS = activations, content, style, steps, colour, weights, choosing, paintings, colours, layers, regions
ALL: dict[str, Callable[[], None]] = {function.__name__: function for function in FUNCTIONS}


def main(names: Sequence[str]) -> None:
    unknown = sorted(set(names) - set(ALL))
    if unknown:
        sys.exit(f"there are no pictures called {', '.join(unknown)}; there are {', '.join(ALL)}")
    for name in names or ALL:
        print(name, flush=True)
        ALL[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
