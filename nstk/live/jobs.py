"""What a page has asked to be painted, in the order in which it was asked for. It is kept in the folder of the results."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..files import exists, write_whole

FILE = "queue.json"

WAITING, PAINTING, DONE, FAILED, STOPPED = "waiting", "painting", "done", "failed", "stopped"

log = logging.getLogger("nstk")


@dataclass(frozen=True)
class Job:
    """A picture to paint."""

    number: int
    name: str
    """What a page calls it."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The recipe as a page has put it together (see `studio`)."""
    status: str = WAITING
    output: str = ""
    """Where the picture is, once it is begun."""
    message: str = ""


class Jobs:
    """The jobs of a folder. Any thread may ask; what changes is written at once."""

    def __init__(self, folder: Path):
        self._path = folder / FILE
        self._jobs: list[Job] = []
        self._changed = threading.Condition()
        self._read()

    def listed(self) -> list[dict[str, Any]]:
        """All of them, the oldest first, as plain data."""
        with self._changed:
            return [asdict(job) for job in self._jobs]

    def add(self, name: str, settings: Mapping[str, Any]) -> Job:
        """A new job at the end."""
        with self._changed:
            job = Job(1 + max((it.number for it in self._jobs), default=0), name, settings)
            self._jobs.append(job)
            self._write()
            return job

    def drop(self, number: int) -> None:
        """Take a job out of the list, unless it is being painted. The picture of one that is done stays."""
        with self._changed:
            self._jobs = [job for job in self._jobs if job.number != number or job.status == PAINTING]
            self._write()

    def again(self, number: int) -> None:
        """Have a job wait again that was stopped, or failed."""
        with self._changed:
            self._jobs = [
                replace(job, status=WAITING, message="") if job.number == number and job.status in (STOPPED, FAILED) else job
                for job in self._jobs
            ]
            self._write()

    def next(self, seconds: float) -> Job | None:
        """The first job that waits; None if there is none within so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: any(job.status == WAITING for job in self._jobs), seconds)
            return next((job for job in self._jobs if job.status == WAITING), None)

    def note(self, number: int, **what: Any) -> None:
        """Note what has become of a job."""
        with self._changed:
            self._jobs = [replace(job, **what) if job.number == number else job for job in self._jobs]
            self._write()

    def _read(self) -> None:
        """What an earlier page has left. What was being painted when it was killed waits again, and goes on."""
        if not exists(self._path):
            return
        try:
            jobs = [Job(**it) for it in json.loads(self._path.read_text(encoding="utf-8"))]
        except (OSError, ValueError, TypeError):
            log.warning("%s cannot be read: the pictures that were waiting there are forgotten", self._path)
            return
        self._jobs = [replace(job, status=WAITING) if job.status == PAINTING else job for job in jobs]

    def _write(self) -> None:
        write_whole(self._path, json.dumps([asdict(job) for job in self._jobs], indent=1) + "\n")
        self._changed.notify_all()
