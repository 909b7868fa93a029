"""What the tests of the page share: a process that serves one, and a way to ask it."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlsplit

from tests.cli.samples import ENVIRONMENT, NSTK

LIGHT = ["run_eagerly=true", "losses={content: {layers: [image]}, gram: {layers: [image]}}"]
"""Settings with which a step takes a moment."""


class Server:
    """A command that serves a page."""

    def __init__(self, *words, cwd=None):
        self.process = subprocess.Popen(
            [*NSTK, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=cwd
        )
        self.lines = []
        for line in self.process.stderr:
            self.lines.append(line)
            if line.startswith("live: "):
                self.address = line.split()[1]
                break
        else:
            self.process.wait(60)
            self.process.stdout.close()
            self.process.stderr.close()
            raise AssertionError("".join(self.lines))
        parts = urlsplit(self.address)
        self.base, self.token = f"http://{parts.netloc}/", parse_qs(parts.query)["token"][0]
        self._reader = threading.Thread(target=lambda: self.lines.extend(self.process.stderr), daemon=True)
        self._reader.start()

    def ask(self, path, data=None, method=None, headers=None):
        """The status, and the answer: of JSON what it says, else the bytes."""
        body = json.dumps(data).encode() if isinstance(data, (dict, list)) else data
        given = {"X-Nstk-Token": self.token, **(headers or {})}
        request = urllib.request.Request(self.base + path, body, {k: v for k, v in given.items() if v}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, kind, content = answer.status, answer.headers["content-type"], answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, kind, content = error.code, error.headers["content-type"], error.read()
        return status, json.loads(content) if kind == "application/json" else content

    def until(self, holds, seconds=90):
        """The state, once it is as wanted."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = self.ask("api/state")[1]
            if holds(state):
                return state
            time.sleep(0.05)
        raise AssertionError(state)

    def end(self, seconds=90):
        """Wait for the end of the process. Its exit code."""
        code = self.process.wait(seconds)
        self._reader.join(10)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
