"""Files: written whole or not at all, and how paths are understood, shown and compared."""

from __future__ import annotations

import errno
import hashlib
import os
import time

import pytest

from nstk import files
from nstk.errors import OutputError
from nstk.files import check_writable, exists, file_hash, in_line, located, possible, real, same_file, shown, write_whole
from tests.helpers import failing
from tests.syntax.samples import HERE


def test_text_and_bytes(tmp_path):
    write_whole(tmp_path / "a.txt", "Größe\n")
    assert (tmp_path / "a.txt").read_bytes() == "Größe\n".encode()
    write_whole(str(tmp_path / "a.txt"), b"\0\xff")
    assert (tmp_path / "a.txt").read_bytes() == b"\0\xff"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(os.name != "posix", reason="symbolic links need rights on Windows")
def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / "link.txt").symlink_to(tmp_path / "deep" / "a.txt")
    write_whole(tmp_path / "link.txt", "text")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "deep" / "a.txt").read_text() == "text"


def test_checking_leaves_only_the_folder(tmp_path):
    check_writable(tmp_path / "a" / "b" / "c.png")
    assert (tmp_path / "a" / "b").is_dir()
    assert not list((tmp_path / "a" / "b").iterdir())
    write_whole(tmp_path / "old.txt", "old")
    check_writable(tmp_path / "old.txt")
    assert (tmp_path / "old.txt").read_text() == "old"


def test_leftovers_are_removed_in_time(tmp_path):
    old, new = tmp_path / ".nstk-0123.tmp", tmp_path / ".nstk-4567.tmp"
    for path in (old, new):
        path.write_text("half of")
    os.utime(old, (time.time() - 7200,) * 2)
    check_writable(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == [new]


@pytest.mark.parametrize("write", [check_writable, lambda path: write_whole(path, "text")], ids=["check", "write"])
def test_unwritable_places_are_told(tmp_path, monkeypatch, write):
    (tmp_path / "file").touch()
    for name in ("file/a.png", "file/deeper/a.png"):
        with pytest.raises(OutputError) as error:
            write(tmp_path / name)
        assert (
            str(error.value)
            == f"cannot write {tmp_path / name}: {tmp_path / 'file'} is a file, not a folder; choose another place"
        )
    with pytest.raises(OutputError, match="it is a folder; name a file"):
        write(tmp_path)
    if os.path.exists("/dev/null"):
        with pytest.raises(OutputError, match="it is a device; name a file"):
            write("/dev/null")
    monkeypatch.setattr(files, "open", failing(OSError(errno.EROFS, "Read-only file system")), raising=False)
    with pytest.raises(OutputError, match=r"a\.png \(Read-only file system\): choose another place or mend this one"):
        write(tmp_path / "a.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(OutputError, match="Permission denied"):
        check_writable(tmp_path / "a.png")


def test_paths_as_a_person_writes_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "a" / ".." / "b.png") == "b.png"
    assert shown(tmp_path.parent / "b.png") == str(tmp_path.parent / "b.png")


def test_located(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "pictures").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "pictures")
    assert located("a.png", tmp_path) == tmp_path / "a.png"
    assert located("~/a.png", HERE) == tmp_path / "a.png"
    assert located("link/../a.png", tmp_path) == tmp_path / "far" / "a.png"  # as the system understands it
    assert not exists(located("a\0.png", tmp_path))
    assert not exists(located("a" * 5000, tmp_path))


def test_same_file(tmp_path):
    one, other, link = tmp_path / "one", tmp_path / "other", tmp_path / "link"
    one.touch()
    link.symlink_to(one)
    assert same_file(one, link)
    assert not same_file(one, other)
    other.hardlink_to(one)
    assert same_file(one, other)
    assert same_file(tmp_path / "nosuch", tmp_path / "x" / ".." / "nosuch")


def test_what_no_file_can_be_called(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nosuch")
    for name in ("loop", "a\0", "a" * 256, "\ud800"):
        assert not possible(tmp_path / name)
    for name in ("nosuch", "dangling", "nosuch/a", ".", "é", "\udcff"):
        assert possible(tmp_path / name)
    assert real(tmp_path / "loop") == tmp_path / "loop"
    assert real(tmp_path / "dangling") == tmp_path / "nosuch"


def test_file_hash(tmp_path):
    data = b"\x00stone" * 400_000
    (tmp_path / "file").write_bytes(data)
    assert file_hash(tmp_path / "file") == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("mode", [0o444, 0o555, 0o400])
def test_a_read_only_file_is_not_replaced(mode, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("mine")
    path.chmod(mode)
    with pytest.raises(OutputError, match=r"a\.txt: it is read-only; `chmod u\+w` makes it writable"):
        write_whole(path, "other")
    for checked in ((path, ()), (tmp_path / "b.txt", [path])):
        with pytest.raises(OutputError, match=r"a\.txt: it is read-only; `--force` replaces it"):
            check_writable(*checked)
        check_writable(*checked, force=True)
    assert path.read_text() == "mine"
    assert [it.name for it in tmp_path.iterdir()] == ["a.txt"]
    write_whole(path, "other", force=True)
    assert path.read_text() == "other"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a\nb", r"a\nb"),
        ("a\x85b", r"a\x85b"),
        ("a\u2028b", r"a\u2028b"),
        ("a\x1b[1mb", r"a\x1b[1mb"),
        ("a #b", "a #b"),
        ("größe 🎨", "größe 🎨"),
        ("a\udce9", "a\udce9"),
    ],
    ids=ascii,
)
def test_a_name_is_shown_on_one_line(name, line, tmp_path, monkeypatch):
    assert in_line(name) == line
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / name) == line
