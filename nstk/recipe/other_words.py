"""Words that other tools use for what a recipe says: what they are called here.

The words are those of neural-style and its ports, of style-transfer-pytorch, of the Keras example and of the tutorials. None
of them works in a recipe, so that one thing has one name everywhere. The message about such a word shows what to write instead,
with the value that the user gave.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from ..hints import same_name, spelled
from ..syntax.mistakes import Mark
from ..syntax.nodes import Node, whole_numbers
from .defaults import LABELLED, SLOTS, default_name, defaults
from .overlay import DEFAULT
from .settings import Settings

_SAME = {
    "content": """content_image content_img content_image_path content_path content_file content_img_name content_image_name
        base_image base_image_path photo photograph input input_image input_path target image picture""",
    "style": """style_image style_images style_img style_imgs style_image_path style_path style_file style_img_name
        style_image_name style_reference_image style_reference_image_path reference_image painting art artwork styles""",
    "output": """output_image output_img output_path output_file output_name out out_path outfile result result_path
        result_prefix result_image save_path save_to dest destination output_dir img_output_dir out_dir outdir save_dir
        output_folder""",
    "steps": """iterations iteration iters iter itr n_iter n_iters num_iter num_iters num_iterations number_of_iterations epochs
        epoch num_epochs n_epochs num_steps n_steps max_iter max_iters max_iterations max_steps optimization_steps step
        initial_iterations""",
    "size": """image_size img_size imsize im_size max_size max_dim max_dimension resolution output_size end_scale long_edge
        content_size""",
    "width": "image_width img_width img_ncols output_width",
    "height": "image_height img_height img_nrows output_height",
    "style_scale": "style_scale_fac style_scale_factor style_scales style_size style_image_scale",
    "seed": "random_seed rng_seed manual_seed",
    "init": "initialization initialisation init_type init_method init_img_type initializer init_with start_from",
    "init.blend": "noise_ratio initial_noiseblend noise_blend",
    "init.file": "init_image init_image_path initial initial_image init_img",
    "optimizer": "optim optimiser optimizer_type solver",
    "optimizer.history": "lbfgs_num_correction lbfgs_history history_size num_correction",
    "optimizer.learning_rate": "learning_rate lr learningrate adam_lr step_size rate",
    "optimizer.beta_1": "beta1 beta_1",
    "optimizer.beta_2": "beta2 beta_2",
    "optimizer.epsilon": "epsilon eps adam_epsilon",
    "backbone": "model network net cnn arch architecture vgg feature_extractor",
    "backbone.weights": "weights weights_file weights_path model_file model_path model_weights vgg_weights vgg_path pretrained",
    "backbone.pooling": "pooling pool pool_type pooling_type",
    "backbone.padding": "padding padding_mode",
    "losses.content.weight": "content_weight content_loss_weight cw content_w alpha",
    "losses.wasserstein.weight": "style_weight style_loss_weight gram_weight sw style_w beta",
    "losses.tv.weight": """tv_weight total_variation_weight tv_loss_weight variation_weight tvw tv_w tv total_variation
        smoothness""",
    "losses.content.layers": "content_layers content_layer",
    "losses.wasserstein.layers": "style_layers style_layer gram_layers layers",
    "average": "avg_decay average_decay ema ema_decay",
    "pyramid.levels": "num_scales scales n_scales octaves num_octaves pyramid_levels multiscale levels",
    "pyramid.start": "min_scale start_scale min_size",
    "tiles": "tile_size tile",
    "time": "time_limit timelimit max_time max_seconds max_duration time_budget timeout duration deadline",
    "memory": "max_memory memory_limit",
    "precision": "dtype half fp16 mixed_precision",
    "callbacks.progress.every": "print_iter print_iterations print_every progress_every",
    "callbacks.snapshots.every": "save_iter save_iterations save_every checkpoint_iterations saving_freq snapshot_every",
    "callbacks.early_stop.patience": "patience early_stopping",
    "callbacks.early_stop.min_improvement": "min_improvement min_delta",
    "output.quality": "jpeg_quality quality",
    "output.depth": "bit_depth",
}

STYLE_LOSSES = ("wasserstein", "gram", "moments", "sliced", "nearest", "mrf", "contextual", "remd")
"""The losses that compare with the painting: what other tools call the style loss is the first of them in a recipe."""

SAME = {word: place for place, words in _SAME.items() for word in words.split()}
"""Other words for a place in a recipe."""

_COLOURS = "write `colours: keep` for the photograph's colours; `match` and `histogram` recolour the painting instead"
_DEVICE = "nstk computes on the GPU if TensorFlow sees one; CUDA_VISIBLE_DEVICES=-1 before the command keeps to the processor"
_BLEND = "each painting has its own: `style: {one: {picture: a.jpg, weight: 2}, other: b.jpg}`"

_ABSENT = {
    _COLOURS: """original_colors original_colours preserve_color preserve_colors preserve_colour preserve_colours keep_colors
        keep_colours preserve_original_colors color_preserve color_transfer color_control color_convert_type
        color_convert_time""",
    _DEVICE: "gpu gpus cpu cuda device devices use_gpu no_gpu use_cuda no_cuda backend cudnn_autotune multidevice_strategy",
    _BLEND: "style_blend_weights style_weights style_imgs_weights style_image_weights",
    "the same seed gives the same picture on the same machine": "deterministic reproducible",
    "nstk scales no gradients; its losses do not depend on the size": "normalize_gradients normalize_weights",
}

ABSENT = {word: why for why, words in _ABSENT.items() for word in words.split()}
"""Words for what nstk does not have, each with what there is instead."""

_PARTS = {
    ("initializer", "random"): "noise",
    ("initializer", "photo"): "content",
    ("loss", "style"): "gram",
    ("loss", "total_variation"): "tv",
    ("optimizer", "gd"): "sgd",
}
"""Other names for parts, by kind."""


class Meant(NamedTuple):
    """What a word of another tool means here: settings, each a place and its value, or none; and a remark."""

    settings: list[tuple[str, Any]]
    remark: str = ""

    def words(self) -> list[str]:
        """The settings as they are written on the command line."""
        return [f"{place}={flow(value)}" for place, value in self.settings]


def normal(word: str) -> str:
    """A word as the tables have it: `--Style-Weight` is `style_weight`."""
    return word.lstrip("-").lower().replace("-", "_")


def is_ours(word: str) -> bool:
    """Whether a recipe has this key, or a place such as `losses.gram.weight` begins with one that it has."""
    return word.partition(".")[0] in {*Settings.model_fields, *SLOTS, *LABELLED, "plugins"}


def is_other(word: str) -> bool:
    """Whether other tools have this word for what a recipe says, or for what nstk does not have."""
    return not is_ours(word) and (normal(word) in SAME or normal(word) in ABSENT)


def meant(word: str, value: Any, tree: Node | None = None) -> Meant | None:
    """What a word of another tool means in a recipe, or None if no tool is known that has it. The recipe is that in `tree`."""
    if why := ABSENT.get(normal(word)):
        return Meant([], why)
    if (place := SAME.get(normal(word))) is None:
        return None
    first, _, last = place.partition(".")
    if first == "losses":
        label, _, key = last.partition(".")
        label = _label(tree, label)
        value = _layers(value) if key == "layers" else value
        return Meant([(f"losses.{label}.{key}", value)], _remark(label, tree) if key == "weight" else "")
    if place in ("init.file", "init.blend"):
        return Meant([("init.use", "image" if place == "init.file" else "noise"), (place, value)])
    if place == "output" and isinstance(value, str) and re.search("dir$|folder$", normal(word)):
        value = value.rstrip("/") + "/"
    if place == "optimizer.history" or (first == "optimizer" and last):
        return _of_optimizer(last, value, _name(tree, "optimizer"))
    if place == "init" and isinstance(value, str):
        value = _PARTS.get(("initializer", value.lower()), "content" if value.lower() == "image" else value)
    if place == "backbone.pooling" and value in ("avg", "mean"):
        value = "average"
    if place == "time" and isinstance(value, (int, float)) and not isinstance(value, bool):
        value = f"{value}s"
    if place == "precision" and word != "dtype":
        value = "float16"
    return Meant([(place, value)])


def _of_optimizer(key: str, value: Any, used: str) -> Meant:
    """A parameter of the optimizer, with another optimizer where the one in use does not have it."""
    if key == "history":
        return Meant(
            [(f"optimizer.{key}", value)] if used == "lbfgs" else [("optimizer", "lbfgs"), (f"optimizer.{key}", value)]
        )
    if used != "lbfgs":
        return Meant([(f"optimizer.{key}", value)])
    what = "learning rate" if key == "learning_rate" else f"`{key}`"
    return Meant(
        [("optimizer", "adam"), (f"optimizer.{key}", value)], f"`lbfgs`, the optimizer in use, has no {what}; `adam` has"
    )


def _remark(label: str, tree: Node | None) -> str:
    loss = tree.at(["losses", label]).plain() if tree else None
    said = loss.get("weight") if isinstance(loss, dict) else None
    here = defaults()["losses"].get(label, {}).get("weight", 1) if said is None else said
    return f"without it, `losses.{label}.weight` is {here}: a weight of another tool means another thing here"


def _layers(value: Any) -> Any:
    """Layers as a list, by their names in Keras: `relu4_2,relu5_2` is `[block4_conv2, block5_conv2]`."""
    named = [it.strip() for it in value.split(",")] if isinstance(value, str) else value
    if not isinstance(named, list):
        return value
    return [re.sub(r"^(?:relu|conv)([1-5])_([1-4])$", r"block\1_conv\2", it) if isinstance(it, str) else it for it in named]


def _label(tree: Node | None, name: str) -> str:
    """The label of the first loss called `name` in a recipe. Where `name` is a style loss, any of them is meant."""
    losses = tree.value.get("losses") if tree else None
    for label, node in losses.value.items() if losses and isinstance(losses.value, dict) else ():
        use = node.value.get("use", Node(label, node.mark)).value if isinstance(node.value, dict) else node.value or label
        if any(same_name(use, it) for it in (STYLE_LOSSES if name in STYLE_LOSSES else [name])):
            return str(label)
    return name


def _name(tree: Node | None, slot: str) -> str:
    """The name of the definition that a slot of a recipe holds."""
    node = tree.value.get(slot) if tree else None
    value = node.plain() if node else None
    value = value.get("use") if isinstance(value, dict) else value
    return spelled(value, [default_name(slot)]) if isinstance(value, str) else default_name(slot)


def hint(word: str, node: Node, tree: Node) -> str:
    """What to write in place of a word of another tool, which stands at the top of a recipe; or nothing."""
    found = meant(word, whole_numbers(node.plain()), tree)
    if found is None or not found.settings:
        return found.remark if found else ""
    write = _in_file(found.settings, node.mark, tree) if node.mark.line else f"`{' '.join(found.words())}`"
    return f"write {write}" + (f"; {found.remark}" if found.remark else "")


def _in_file(settings: list[tuple[str, Any]], mark: Mark, tree: Node) -> str:
    """Settings as they are written in the recipe file of `mark`."""
    (place, value), *more = settings
    steps, here, depth = place.split("."), tree, 0
    while not more and depth < len(steps) - 1 and (below := _there(here, steps[depth], mark, dict)):
        here, depth = below, depth + 1
    bare = _there(here, steps[depth], mark, str) if depth < len(steps) - 1 else None
    made = {**({"use": bare.value} if bare else {}), steps[-1]: value} if len(steps) - depth > 1 else value
    if steps[0] == "output" and depth:  # a path may be short for this mapping
        return f"`output: {flow(here.plain() | {steps[-1]: value})}`"
    if more:  # a name, and a parameter of what has it
        made = {"use": value, more[0][0].rpartition(".")[2]: more[0][1]}
    for step in reversed(steps[depth + 1 : -1]):
        made = {step: made}
    inside = f" in {'.'.join(steps[:depth])}" if depth else ""
    losses = tree.value.get("losses") if steps[0] == "losses" and not depth else None
    first = "`extends: default` and " if losses and losses.mark.where == DEFAULT else ""
    return f"{first}`{steps[depth]}: {flow(made)}`{inside}"


def _there(here: Node, step: str, mark: Mark, kind: type) -> Node | None:
    """The value at a step, if the file of `mark` says it and it is of this kind."""
    node = here.value.get(step)
    return node if node and node.mark.where == mark.where and isinstance(node.value, kind) else None


def parameter(word: str, known: Iterable[str]) -> str:
    """The question `did you mean ...?` for a word that other tools have for one of the `known` parameters; or nothing."""
    name = SAME.get(normal(word), "").rpartition(".")[2]
    return f"did you mean `{name}`?" if name in known else ""


def flow(value: Any) -> str:
    """A value of a recipe in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_./][\w./ -]*", value) and value not in ("true", "false", "null"):
        return value
    return json.dumps(value, ensure_ascii=False)


def other_name(kind: str, name: str) -> str:
    """The question `did you mean ...?` for a name that other tools have for a part, or nothing."""
    known = _PARTS.get((kind, normal(name)))
    return f"did you mean `{known}`?" if known else ""
