"""Which workers paint, and what is said where there are none."""

from __future__ import annotations

import pytest

import nstk
from nstk.cluster import connection
from nstk.cluster.connection import Cluster, carried, check_workers, connected, sharers
from nstk.machine import device, memory


@pytest.mark.parametrize(
    ("cores", "free", "cards", "pictures", "workers"),
    [
        (2, 8, 0, 12, 1),
        (16, 64, 0, 12, 4),
        (16, 5, 0, 12, 2),
        (16, 64, 0, 3, 3),
        (16, 1, 0, 12, 1),
        (16, 64, 2, 12, 2),
        (16, 64, 2, 1, 1),
    ],
)
def test_as_many_workers_as_cores_memory_and_pictures_carry(monkeypatch, cores, free, cards, pictures, workers):
    monkeypatch.setattr(device, "cores", lambda: cores)
    monkeypatch.setattr(device, "gpus", lambda: [str(index) for index in range(cards)])
    monkeypatch.setattr(memory, "available", lambda: free * 10**9)
    assert carried(2 * 10**9, pictures) == workers


def test_each_worker_of_a_machine_has_its_part(monkeypatch):
    found = sharers(["tcp://10.0.0.1:1", "tcp://10.0.0.1:2", "tcp://10.0.0.2:1", "tls://[fe80::1]:1"])
    assert [*found.values()] == [2, 2, 1, 1]
    monkeypatch.setattr(device, "cores", lambda: 7)
    monkeypatch.setattr(device, "gpus", lambda: ["0", "3"])
    shares = [*connection._shares(3)]
    assert [it["CUDA_VISIBLE_DEVICES"] for it in shares] == ["0", "3", "0"]
    assert {it["TF_NUM_INTRAOP_THREADS"] for it in shares} == {"2"}


def test_memory_is_shared():
    before = memory.available()
    try:
        memory.share(4)
        assert memory.available() == pytest.approx(before / 4, rel=0.2)
    finally:
        memory.share(1)


def test_what_is_there_in_place_of_workers(folder, monkeypatch):
    monkeypatch.setattr(connection, "ANSWER", 0.2)
    with pytest.raises(nstk.UserError, match=r"no scheduler answers at tcp://127.0.0.1:9 \(.+\): `dask scheduler` starts one"):
        connected(Cluster(scheduler="tcp://127.0.0.1:9")).__enter__()
    with pytest.raises(nstk.UserError, match="no scheduler answers at nonsense://x"):
        connected(Cluster(scheduler="nonsense://x")).__enter__()
    with pytest.raises(nstk.UserError, match=r"no file s\.json: `dask scheduler --scheduler-file s.json` writes it"):
        connected(Cluster(scheduler_file="s.json")).__enter__()
    monkeypatch.setattr(connection, "installed", lambda: False)
    with pytest.raises(nstk.UserError, match=r'a cluster needs Dask: pip install "nstk-styletransfer\[cluster\]"'):
        connected(Cluster(workers=2)).__enter__()


class Told:
    """A client whose workers tell this of themselves."""

    def __init__(self, told):
        self._told = told

    def run(self, function, on_error):
        return self._told

    def nthreads(self):
        return dict.fromkeys(self._told, 1)


def test_what_differs_is_told_before_the_first_picture(folder, caplog):
    recipe = nstk.load_recipe("recipe.yaml", output="a.png")
    mine = connection.about()
    other = {**mine, "versions": {**mine["versions"], "tensorflow": "2.16.1"}}
    check_workers(Told({"tcp://a:1": mine, "tcp://b:1": other}), [recipe])
    (line,) = caplog.messages
    assert line.startswith(
        "a worker's versions differ, and its pictures may in their rounding: tcp://b:1: tensorflow 2.16.1, here"
    )


def test_a_worker_without_nstk_or_a_plugin(folder, monkeypatch):
    recipe = nstk.load_recipe("recipe.yaml", output="a.png")
    with pytest.raises(
        nstk.UserError, match=r"the worker tcp://a:1 cannot run nstk \(No module named 'nstk'\): install nstk 0"
    ):
        check_workers(Told({"tcp://a:1": ModuleNotFoundError("No module named 'nstk'")}), [recipe])
    monkeypatch.setattr(connection, "_needed", lambda recipes: {"postcard": "1.2"})
    with pytest.raises(nstk.UserError, match=r"the worker tcp://a:1 has no plugin `postcard`: install postcard 1\.2 there"):
        check_workers(Told({"tcp://a:1": connection.about()}), [recipe])
