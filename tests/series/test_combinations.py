"""Which values come together, and what the pictures are called."""

from __future__ import annotations

import pytest

import nstk
from nstk.series.axes import Axis, Value, axis
from nstk.series.combinations import combined

PHOTOS = Axis("content", (Value('"p/cat.jpg"', "cat"), Value('"p/dog.jpg"', "dog")), of_pictures=True)


def names(*axes, **options):
    return [it.name for it in combined([axis(it) if isinstance(it, str) else it for it in axes], **options)]


def test_all_with_all_the_last_fastest():
    assert names(PHOTOS, "seed=1,2") == ["cat_seed-1", "cat_seed-2", "dog_seed-1", "dog_seed-2"]


def test_together():
    assert names(PHOTOS, "seed=1,2", zipped=True) == ["cat_seed-1", "dog_seed-2"]


def test_a_sample_is_the_same_twice_and_in_order():
    every = names("seed=1,2,3,4", "size=64,96,128")
    some = names("seed=1,2,3,4", "size=64,96,128", sample=5)
    assert len(some) == 5 == len({*some})
    assert [it for it in every if it in some] == some == names("seed=1,2,3,4", "size=64,96,128", sample=5)
    assert names("seed=1,2", sample=5) == names("seed=1,2")


def test_a_key_is_as_short_as_it_can_be():
    assert names("losses.gram.weight=1,2", "losses.tv.weight=3") == ["gram.weight-1_tv.weight-3", "gram.weight-2_tv.weight-3"]
    assert names("losses.gram.weight=1,2") == ["weight-1", "weight-2"]
    assert names("steps=[4,5],6") == ["steps-4-5", "steps-6"]


def test_each_key_gets_its_value():
    (_, second) = combined([PHOTOS, axis("seed=7")])
    assert second.overrides == ['content="p/dog.jpg"', "seed=7"]


@pytest.mark.parametrize(
    ("axes", "options", "why"),
    [
        ([], {}, "nothing varies: add `--vary KEY=VALUE,VALUE`"),
        (["seed=1", "seed=2"], {}, "`seed` varies twice"),
        (
            [Axis("content", (Value("Sheet.jpg", "Sheet"),), of_pictures=True)],
            {},
            "no picture of a series can be called `Sheet`",
        ),
        (["seed=1,2", "size=64"], {"zipped": True}, "`--zip` takes as many values of each key, but `seed` has 2, `size` has 1"),
        (["steps=[4],4"], {}, "two pictures would be called `steps-4`: steps=[4] and steps=4"),
        (["colours=Keep,keep"], {}, "two pictures would be called `colours-keep`"),
        ([f"seed={','.join(map(str, range(101)))}", f"size={','.join(map(str, range(101)))}"], {}, "10201 pictures are more"),
    ],
)
def test_what_is_refused(axes, options, why):
    with pytest.raises(nstk.UserError) as caught:
        names(*axes, **options)
    assert why in str(caught.value)
