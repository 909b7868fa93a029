"""A process of its own that runs style transfer as tutorials write it in TensorFlow 2, eagerly over Keras layers.

The network is rebuilt layer by layer with average pooling, because Keras has no argument for average pooling, and gets nstk's
own weights. Nothing is compiled and nothing is done to be fast; nothing is done to be slow either.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from nstk import pictures

STYLE_LAYERS = [f"block{block}_conv1" for block in range(1, 6)]
CONTENT_LAYER = "block4_conv2"
BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (1, 512))


def network(weights: str) -> Any:
    """VGG-19 up to block5_conv1 with average pooling, as a Keras model of the layers that are looked at."""
    inputs = x = keras.Input((None, None, 3))
    outputs = {}
    for block, (count, channels) in enumerate(BLOCKS, start=1):
        if block > 1:
            x = layers.AveragePooling2D(2, padding="same")(x)
        for index in range(1, count + 1):
            name = f"block{block}_conv{index}"
            outputs[name] = x = layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(x)
    model = keras.Model(inputs, {name: outputs[name] for name in [*STYLE_LAYERS, CONTENT_LAYER]})
    model.trainable = False
    with np.load(weights, allow_pickle=False) as file:
        for name in outputs:
            kernel = file[f"{name}/kernel_table"][file[f"{name}/kernel_index"]]
            model.get_layer(name).set_weights([kernel, file[f"{name}/bias"]])
    return model


def gram_matrix(features: Any) -> Any:
    flat = tf.reshape(features, [-1, features.shape[-1]])
    return tf.matmul(flat, flat, transpose_a=True)


def content_cost(features: Any, target: Any) -> Any:
    return tf.reduce_sum(tf.square(features - target)) / (4 * features.shape[1] * features.shape[2] * features.shape[3])


def style_cost(features: Any, target: Any) -> Any:
    positions, channels = features.shape[1] * features.shape[2], features.shape[3]
    return tf.reduce_sum(tf.square(gram_matrix(features) - target)) / (4 * channels**2 * positions**2)


def main(spec: dict[str, Any]) -> dict[str, Any]:
    content, style = (tf.constant(pictures.read_picture(spec[name])[np.newaxis]) for name in ("content", "style"))
    vgg, preprocess = network(spec["weights"]), keras.applications.vgg19.preprocess_input
    target = vgg(preprocess(content))[CONTENT_LAYER]
    seen = vgg(preprocess(style))
    grams = {name: gram_matrix(seen[name]) for name in STYLE_LAYERS}
    picture = tf.Variable(content)
    optimizer = keras.optimizers.Adam(learning_rate=2.0)
    seconds, losses = [], []
    began = time.perf_counter()
    for _ in range(spec["steps"]):
        with tf.GradientTape() as tape:
            features = vgg(preprocess(picture))
            cost = 10 * content_cost(features[CONTENT_LAYER], target)
            for name in STYLE_LAYERS:
                cost += 40 * 0.2 * style_cost(features[name], grams[name])
        gradient = tape.gradient(cost, picture)
        optimizer.apply_gradients([(gradient, picture)])
        picture.assign(tf.clip_by_value(picture, 0.0, 255.0))
        losses.append(float(cost))
        seconds.append(time.perf_counter() - began)
    return {"seconds": seconds, "losses": losses}


if __name__ == "__main__":
    print("\n" + json.dumps(main(json.loads(sys.argv[1]))))
