"""The pictures that are painted."""

from __future__ import annotations

from benchmarks import setting


def test_pictures_have_the_exact_size(tmp_path, monkeypatch):
    monkeypatch.setattr(setting, "BENCH", tmp_path)
    from nstk.pictures import check_picture

    assert check_picture(setting.content(64, 48)) == (64, 48)
    assert max(check_picture(setting.style(50, "cafe_terrace.jpg"))) == 50
