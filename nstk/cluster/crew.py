"""The workers of a Dask cluster paint pictures. Who dies or hangs loses no more of a picture than since its last checkpoint."""

from __future__ import annotations

import logging
import queue
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..engine.interrupts import interruptible
from ..errors import NstkError, RunError, UserError
from ..files import shown
from ..pictures import fit
from ..recipe.model import Recipe
from . import worker
from .connection import ANSWER, ARRIVAL, sharers
from .parcel import Parcel
from .place import Place
from .worker import Checkpoint, Returned

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE = 600.0
"""After how many seconds without a step a picture is given to another worker. A first step is traced for a minute at most."""

TRIES = 3
"""How often a picture is tried that comes no further."""

LOOK = 1.0
"""How many seconds lie between two looks at what tells nothing of itself."""

LARGE = 10.0
"""How many megapixels double the patience, for each step of a large picture takes long."""

LOST = "lost", "cancelled"
"""What becomes of a task whose scheduler is gone."""

AHEAD = 2
"""How many pictures each worker has, the one at work and those that wait: none is without one."""

log = logging.getLogger("nstk")


@dataclass(frozen=True)
class Job:
    """A picture to paint."""

    name: str
    recipe: Recipe
    begun: bool = False
    """Whether it goes on from the checkpoint in its folder."""


@dataclass
class _Attempt:
    """A picture that is with a worker, or waits for one."""

    job: Job
    place: Place
    key: str
    future: Future
    begun: Checkpoint | None
    worker: str = ""
    heard: float = field(default_factory=time.monotonic)
    tries: int = 1
    """How many attempts there were since the picture came further."""

    @property
    def megapixels(self) -> float:
        width, height = fit(*self.job.recipe.shape, self.job.recipe.size)
        return width * height / 1e6


Tell = Callable[[Job, float], None]
"""Is told which share of a picture's steps is done."""

Ended = Callable[[Job, Returned], None]
"""Is told what became of a picture."""


class Crew:
    """The workers that a client of Dask's is connected to."""

    def __init__(self, client: Client, tell: Tell, ended: Ended, *, patience: float = PATIENCE):
        self._client, self._tell, self._ended, self._patience = client, tell, ended, patience
        self._address = client.scheduler.address
        self._token = secrets.token_hex(8)
        self._topic = f"nstk-{self._token}"
        self._events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._inputs: dict[str, Future] = {}
        self._at_work: dict[str, _Attempt] = {}
        self._known: list[str] = []
        self._counted = 0.0
        self._missed = 0.0
        """Since when there has been no worker; 0 if there is one."""
        self._said = False
        """Whether it was told that there is none."""
        self.stopping = False
        """Whether the series was interrupted."""

    def stop(self, reason: str) -> None:
        """End the pictures at work after the step at hand, with a checkpoint. A signal calls this."""
        self._events.put(("stop", reason))

    def paint(self, jobs: Iterable[Job], *, force: bool = False) -> None:
        """Paint pictures. Each arrives whole or not at all; one that fails holds up no other.

        Raises `RunError` where the scheduler is gone, or all workers are: what has arrived stays.
        """
        waiting = deque(jobs)
        with self._listening(), interruptible(self):
            while waiting or self._at_work:
                while waiting and not self.stopping and len(self._at_work) < AHEAD * max(1, len(self._workers())):
                    self._begin(waiting.popleft(), force)
                if self.stopping:
                    waiting.clear()
                with suppress(queue.Empty):
                    kind, what = self._events.get(timeout=LOOK)
                    self._heed(kind, what)
                self._look()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Inside, workers are heard. Afterwards nothing is left with them, and no place is locked."""
        self._subscribe()
        try:
            yield
        finally:
            left = [*self._at_work.values()]
            for it in left:
                it.place.leave()
            with suppress(Exception):  # the scheduler may be gone
                self._client.cancel([*(it.future for it in left), *self._inputs.values()], force=True)
                self._client.unsubscribe_topic(self._topic)
            self._at_work.clear()
            self._inputs.clear()

    def _subscribe(self) -> None:
        self._client.subscribe_topic(self._topic, lambda event: self._events.put(("told", event[1])))

    def _begin(self, job: Job, force: bool) -> None:
        place = Place(job.recipe, force=force)
        try:
            place.take(begun=job.begun)
            self._send(job, place, 1)
        except NstkError as error:
            self._fail(job, place, error)

    def _send(self, job: Job, place: Place, tries: int) -> None:
        """Have a picture painted, from its latest checkpoint if there is one. Raises `UserError` where a file is gone."""
        try:
            parcel = Parcel.of(job.recipe)
            for sha256, path in parcel.sources().items():
                if sha256 not in self._inputs or self._inputs[sha256].status in LOST:
                    self._inputs[sha256] = self._client.submit(bytes, path.read_bytes(), key=f"nstk-file-{sha256}")
        except OSError as error:
            raise UserError(f"{error.filename} cannot be sent to a worker ({error.strerror or error})") from error
        contents = {sha256: self._inputs[sha256] for sha256 in parcel.sources()}
        key = f"nstk-{job.name}-{secrets.token_hex(4)}"
        told = {"topic": self._topic, "token": self._token, "attempt": key, "sharers": self._sharers()}
        future = self._client.submit(worker.paint, parcel, contents, place.latest, **told, key=key, pure=False)
        self._at_work[key] = _Attempt(job, place, key, future, place.latest, tries=tries)
        future.add_done_callback(lambda it: self._events.put(("ended", it.key)))

    def _sharers(self) -> int:
        """How many workers share the memory of a machine, at most."""
        return max(sharers(self._workers()).values(), default=1)

    def _workers(self) -> list[str]:
        """The workers' addresses, as they were known a moment ago."""
        now = time.monotonic()
        if now - self._counted > LOOK:
            with suppress(Exception):  # the scheduler may be gone, which `_look` notices
                self._known, self._counted = [*self._client.nthreads()], now
        return self._known

    def _heed(self, kind: str, what: Any) -> None:
        if kind == "stop":
            self._stop()
        elif kind == "told" and what["attempt"] in self._at_work:
            self._told(self._at_work[what["attempt"]], what)
        elif kind == "ended" and what in self._at_work:
            self._end(self._at_work[what])

    def _told(self, attempt: _Attempt, what: dict[str, Any]) -> None:
        """A worker tells of a picture."""
        attempt.heard = time.monotonic()
        if attempt.worker not in ("", what["worker"]) and attempt.place.latest is not attempt.begun:
            self._again(attempt, f"{attempt.worker} is gone")  # the scheduler has handed it on, with an older checkpoint
            return
        attempt.worker = what["worker"]
        if what.get("checkpoint"):
            self._fetch(attempt, what["checkpoint"])
        if what.get("total"):
            self._tell(attempt.job, what["done"] / what["total"])

    def _fetch(self, attempt: _Attempt, path: str) -> None:
        """Bring a checkpoint from the worker."""
        with suppress(OSError):
            came = self._client.run(worker.fetched, path, workers=[attempt.worker], on_error="ignore")
            data = came.get(attempt.worker)
            if isinstance(data, bytes):
                attempt.place.keep(Checkpoint(path.replace("\\", "/").rpartition("/")[2], data))
                attempt.tries = 1

    def _end(self, attempt: _Attempt) -> None:
        """A picture is painted, has failed, or its worker is gone."""
        from distributed.scheduler import KilledWorker

        if attempt.future.status in LOST:
            time.sleep(LOOK)  # the client may not know yet that the scheduler is gone
            self._wait_for_scheduler()
            self._again(attempt, "the scheduler has lost it")
            return
        try:
            returned: Returned = attempt.future.result(timeout=ARRIVAL)
        except (KilledWorker, OSError, TimeoutError):
            self._again(attempt, f"{attempt.worker or 'its worker'} is gone")
            return
        if returned.checkpoint:
            attempt.place.keep(returned.checkpoint)
        if returned.outcome == "painted":
            try:
                attempt.place.deliver(returned.files)
            except NstkError as error:
                returned = replace(returned, outcome="failed", error=str(error))
        for line in returned.notes:
            log.warning("%s: %s", attempt.job.name, line)
        self._forget(attempt, returned)

    def _forget(self, attempt: _Attempt, returned: Returned) -> None:
        del self._at_work[attempt.key]
        attempt.place.leave()
        self._ended(attempt.job, returned)

    def _fail(self, job: Job, place: Place, error: NstkError) -> None:
        place.leave()
        log.debug("%s", error, exc_info=True)
        self._ended(job, Returned("failed", str(error)))

    def _again(self, attempt: _Attempt, why: str) -> None:
        """Have a picture painted by another worker, from its latest checkpoint."""
        with suppress(OSError):  # the scheduler may be gone
            self._client.cancel([attempt.future], force=True)
        if self.stopping:
            self._forget(attempt, Returned("interrupted"))
            return
        if attempt.tries >= TRIES:
            self._forget(attempt, Returned("failed", f"it was tried {TRIES} times and comes no further, for {why}"))
            return
        del self._at_work[attempt.key]
        name = attempt.place.latest.name if attempt.place.latest else ""
        since = f"step {int(name.split('-')[1])}" if name else "the beginning"
        log.warning("%s: %s; it goes on from %s", shown(attempt.place.path), why, since)
        try:
            self._send(attempt.job, attempt.place, attempt.tries + 1)
        except NstkError as error:
            self._fail(attempt.job, attempt.place, error)

    def _stop(self) -> None:
        """Have workers end what is at work, and take back what is not."""
        self.stopping = True
        with suppress(OSError):
            self._client.run(worker.stop, self._token, on_error="ignore")
        for attempt in [*self._at_work.values()]:
            if not attempt.worker:
                attempt.future.cancel()

    def _look(self) -> None:
        """Notice what tells nothing of itself: a scheduler that is gone, workers that are, one that hangs."""
        self._wait_for_scheduler()
        now = time.monotonic()
        if self._workers():
            self._missed, self._said = 0.0, False
        else:
            self._missed = self._missed or now
            self._miss(now - self._missed)
        for attempt in [*self._at_work.values()]:
            patience = self._patience * (1 + attempt.megapixels / LARGE)
            if attempt.worker and now - attempt.heard > patience:
                self._again(attempt, f"{attempt.worker} has done no step for {patience:.0f} s")

    def _miss(self, seconds: float) -> None:
        """There has been no worker for so long. A nanny of Dask's starts another one within seconds; others are waited for."""
        if seconds > self._patience:
            raise RunError(f"all workers are gone, and none has come for {seconds:.0f} s: the same command goes on")
        if seconds > ANSWER and not self._said:
            log.warning("all workers are gone: `dask worker %s --nthreads 1` starts one", self._address)
            self._said = True

    def _wait_for_scheduler(self) -> None:
        """Wait until the client is connected again, if it is not: it tries for as long as a scheduler has to answer."""
        if self._client.status == "running":
            return
        log.warning("the scheduler at %s does not answer", self._address)
        while self._client.status == "connecting":
            time.sleep(LOOK / 10)
        if self._client.status != "running":
            raise RunError(f"the scheduler at {self._address} is gone: the same command goes on with another one")
        self._subscribe()
