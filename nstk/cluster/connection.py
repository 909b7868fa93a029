"""The way to the workers: a cluster on this machine for the time of a series, or the scheduler of one's own."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..checkpoints.provenance import differences, versions
from ..errors import UserError
from ..files import exists, shown
from ..machine import memory
from ..recipe.model import Recipe
from ..registry.registry import SHIPPED
from .worker import about

if TYPE_CHECKING:
    from distributed import Client

INSTALL = 'pip install "nstk-styletransfer[cluster]"'

ANSWER = 10
"""How many seconds a scheduler has to answer."""

ARRIVAL = 30
"""How many seconds the first worker has to come."""

THREADS = "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"
"""The environment variables that say on how many cores a worker computes."""

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
"""With this in its environment, TensorFlow tells nothing about itself."""

CARD = "CUDA_VISIBLE_DEVICES"
"""The environment variable that says which GPUs a process sees."""

LOCAL = "127.0.0.1"
HERE = f"tcp://{LOCAL}"
"""Where a cluster of this machine listens: nobody else can reach it."""

FEW = 4
"""How many cores a picture keeps busy, about: a worker has as many, if there are more."""

log = logging.getLogger("nstk")


@dataclass(frozen=True)
class Cluster:
    """Which workers paint: so many on this machine, or those of a scheduler, by its address or its file."""

    workers: int = 0
    scheduler: str = ""
    scheduler_file: str = ""

    def __str__(self) -> str:
        return self.scheduler or self.scheduler_file or f"{self.workers} worker{'s'[: self.workers != 1]} on this machine"


def installed() -> bool:
    """Whether Dask is there."""
    from importlib.util import find_spec

    return find_spec("distributed") is not None


def carried(each: int, pictures: int) -> int:
    """How many workers this machine carries for pictures of which each holds so many bytes: one for each GPU.

    Without a GPU it is as many as have cores and memory enough.
    """
    from ..machine import device

    if cards := device.gpus():
        return min(len(cards), pictures)
    return max(1, min(device.cores() // FEW, memory.available() // max(1, each), pictures))


@contextmanager
def connected(cluster: Cluster) -> Iterator[Client]:
    """Inside, a client of Dask's with at least one worker. Raises `UserError` where there is none."""
    if not installed():
        raise UserError(f"a cluster needs Dask: {INSTALL}")
    import dask
    import distributed  # noqa: F401 (it sets its own log levels when it is imported)

    with warnings.catch_warnings(), dask.config.set({"distributed.scheduler.allowed-failures": 0}), _quiet():
        warnings.filterwarnings("ignore", message="Sending large graph")
        with _own(cluster.workers) if cluster.workers else _of_scheduler(cluster) as client:
            yield client


@contextmanager
def _own(count: int) -> Iterator[Client]:
    """A cluster on this machine, which ends with the block."""
    from distributed import Client, Nanny, Scheduler, SpecCluster

    shared = {"host": HERE, "dashboard_address": f"{LOCAL}:0"}
    each = {**shared, "nthreads": 1, "memory_limit": 0, "silence_logs": logging.CRITICAL}
    spec = {index: {"cls": Nanny, "options": {**each, "env": it}} for index, it in enumerate(_shares(count))}
    scheduler = {"cls": Scheduler, "options": shared}
    with SpecCluster(spec, scheduler, silence_logs=logging.CRITICAL) as made, Client(made) as client:
        client.wait_for_workers(count)
        yield client


def _shares(count: int) -> Iterator[dict[str, str]]:
    """The environment of each worker of this machine: its part of the cores, and its GPU."""
    from ..machine import device

    threads = {name: str(max(1, device.cores() // count)) for name in THREADS}
    cards = device.gpus()
    for index in range(count):
        yield {**QUIET, **threads, **({CARD: cards[index % len(cards)]} if cards else {})}


@contextmanager
def _of_scheduler(cluster: Cluster) -> Iterator[Client]:
    from distributed import Client

    file = cluster.scheduler_file
    if file and not exists(Path(file)):
        raise UserError(f"`--scheduler-file`: no file {shown(Path(file))}: `dask scheduler --scheduler-file {file}` writes it")
    try:
        client = Client(scheduler_file=file, timeout=ANSWER) if file else Client(cluster.scheduler, timeout=ANSWER)
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"no scheduler answers at {cluster} ({_told(error)}): `dask scheduler` starts one") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=ARRIVAL)
        except TimeoutError as error:
            address = client.scheduler.address if client.scheduler else str(cluster)
            what = f"`dask worker {address} --nthreads 1` starts one"
            raise UserError(f"the scheduler at {cluster} has no workers: {what}") from error
        yield client


def _told(error: BaseException) -> str:
    """What went wrong, in the words of the innermost error: Dask wraps it in its own."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).splitlines()[0] if str(error) else type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """Inside, Dask does not tell of workers that are gone: nstk does."""
    theirs = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]
    before = [it.level for it in theirs]
    for it in theirs:
        it.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for it, level in zip(theirs, before, strict=True):
            it.setLevel(level)


def check_workers(client: Client, recipes: Iterable[Recipe]) -> None:
    """Tell where versions differ on a worker. Raises `UserError` where nstk or a plugin is not there."""
    told: dict[str, Any] = client.run(about, on_error="return")
    here, needed = versions(), _needed(recipes)
    seen: list[str] = []
    for address, it in told.items():
        if isinstance(it, BaseException):
            install = f"install nstk {here['nstk-styletransfer']} there"
            raise UserError(f"the worker {address} cannot run nstk ({_told(it)}): {install}")
        for name, version in needed.items():
            if name not in it["plugins"]:
                raise UserError(f"the worker {address} has no plugin `{name}`: install {name} {version} there".rstrip())
            if it["plugins"][name] != version:
                seen.append(f"{address}: plugin {name} {it['plugins'][name]}, here {version}")
        if differ := differences(it["versions"], here).replace(", now ", ", here "):
            seen.append(f"{address}: {differ}")
    for line in dict.fromkeys(seen):
        log.warning("a worker's versions differ, and its pictures may in their rounding: %s", line)
    for address, threads in client.nthreads().items():
        if threads > 1:
            log.warning("%s has %d threads, and paints one picture at a time: start it with `--nthreads 1`", address, threads)


def _needed(recipes: Iterable[Recipe]) -> Mapping[str, str]:
    """The installed plugins that recipes use, with their versions. Files travel, and what comes with nstk is there."""
    found: dict[str, str] = {}
    for recipe in recipes:
        for _, definition in recipe.definitions():
            owner = recipe.registry.owner(type(definition))
            if owner.name != SHIPPED and not owner.origin.endswith(".py"):
                found[owner.name] = owner.version
    return found


def sharers(addresses: Sequence[str]) -> dict[str, int]:
    """How many of the workers are on the machine of each, by their addresses."""
    hosts = {address: urlsplit(address).hostname or address for address in addresses}
    counts = Counter(hosts.values())
    return {address: counts[host] for address, host in hosts.items()}
