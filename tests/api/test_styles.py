"""Several paintings are blended by their shares."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import nstk


def test_shares_sum_to_one_and_only_ratios_count():
    few, many = (nstk.Styles({"a": 1, "b": 2}, {"a": 3 * scale, "b": scale}) for scale in (1, 0.1))
    assert few.shares == pytest.approx(many.shares) == {"a": 0.75, "b": 0.25}
    assert nstk.Styles({"a": 1, "b": 2}).shares == {"a": 0.5, "b": 0.5}


def test_what_is_made_of_styles_keeps_their_shares():
    styles = nstk.Styles({"a": 1, "b": 2}, {"a": 3, "b": 1})
    made = styles.mapped(lambda it: 10 * it)
    assert (made, made.shares) == ({"a": 10, "b": 20}, styles.shares)
    assert nstk.Styles.of(styles) is styles


def test_a_blend_is_the_mean_by_shares_of_each_tensor_in_a_structure():
    styles = nstk.Styles({"a": tf.constant([1.0, 2.0]), "b": tf.constant([5.0, 6.0])}, {"a": 3, "b": 1})
    blended = nstk.blend(styles, lambda it: {"itself": it, "sums": [tf.reduce_sum(it)]})
    np.testing.assert_allclose(blended["itself"], [2, 3])
    np.testing.assert_allclose(blended["sums"], [5])
    np.testing.assert_allclose(nstk.blend({**styles}), [3, 4])  # those of a plain mapping count alike


def test_a_single_style_stays_as_it_is_to_the_bit():
    style = tf.random.stateless_normal([7, 7], [1, 2])
    assert np.array_equal(nstk.blend({"style": style}), style)
