"""The demo's network: four roles under a supervisor, and the ways to look at them that their own people have."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any

from casebus.bus.log import Record, events_topic
from casebus.cli.options import clock
from casebus.cli.output import words
from casebus.cli.own_process import commands, told
from casebus.errors import Stalled
from casebus.layout import Layout
from casebus.roles import Installation
from casebus.status import Overview
from casebus.supervise import lifeline
from casebus.testing import story

IDLE_WITHIN_S = 300.0
LOOK_EVERY_S = 0.02


class DemoNetwork:
    """The four roles, running, and the ways to look at them."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.clock = clock()
        self.installation = Installation.open(layout, self.clock)
        self._process: subprocess.Popen[bytes] | None = None
        self._overview: Overview | None = None
        self._commands = commands()
        self._write_end = -1

    def __enter__(self) -> "DemoNetwork":
        words().print("starting the hub and three agency nodes ...")
        arguments = [sys.executable, "-m", "casebus", "run", "all", "--data", str(self.layout.root)]
        self._overview = self._reached()
        read_end, self._write_end = os.pipe()
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=sys.stderr, pass_fds=(read_end,), env=lifeline(read_end)
        )
        os.close(read_end)
        return self

    def _reached(self) -> Overview:
        """Look once before anything runs: a bus or database that is not there is told now, by this process."""
        overview = Overview(self.installation)
        try:
            overview.consumers()
        except BaseException:
            overview.close()
            raise
        return overview

    def __exit__(self, *_: object) -> None:
        assert self._process is not None, "bug: not started"
        words().print("stopping ...")
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=60)
        os.close(self._write_end)
        self._commands.shutdown()
        if self._overview:
            self._overview.close()

    def settle(self) -> None:
        """Wait until nothing waits anywhere, twice in a row. Raises `Stalled`."""
        self.wait_for(self._idle_twice, "the network did not come to rest")

    def _idle_twice(self) -> bool:
        assert self._overview is not None, "bug: not started"
        return self._overview.is_idle() and self._overview.is_idle()

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition. Raises `Stalled`, also when the supervisor has ended."""
        deadline = self.clock.monotonic() + IDLE_WITHIN_S
        looked = self.clock.monotonic()
        while not condition():
            assert self._process is not None, "bug: not started"
            now = self.clock.monotonic()
            if now > deadline or self._process.poll() is not None:
                raise Stalled(
                    what, next_step=f"look into {self.layout.root}/supervisor.jsonl and each role's log.jsonl."
                )
            # A look at every store takes the processors from those who are waited for: a fifth of the time is enough.
            self.clock.sleep(max(LOOK_EVERY_S, 4 * (now - looked)))
            looked = self.clock.monotonic()

    def put(self, agency: str, name: str, content: bytes) -> None:
        """Hand a document to an agency's node, as its own system would: write aside, then rename."""
        spool_in = self.layout.role(agency).spool / "in"
        part = spool_in / f".{name}.part"
        part.write_bytes(content)
        part.rename(spool_in / name)

    def report(self, agency: str, folder: str, name: str) -> dict[str, Any]:
        """Return the report beside a filed document."""
        path = self.layout.role(agency).spool / folder / f"{name}.report.json"
        content: dict[str, Any] = json.loads(path.read_text())
        return content

    def hits(self, agency: str) -> int:
        """Return how many alerts were handed to an agency's own system."""
        return sum(1 for _ in (self.layout.role(agency).spool / "out").glob("*-DeconflictionHit-*.json"))

    def command(self, *arguments: str) -> Any:
        """Run a command as a process of its own and return its JSON."""
        given = [*arguments, "--data", str(self.layout.root), "--json"]
        code, out = self._commands.submit(told, given).result()
        if code:
            raise subprocess.CalledProcessError(code, ["casebus", *given])
        return json.loads(out)

    def forge(self) -> None:
        """Write a record to NZ Police's topic with a broken signature, once, as an intruder on the bus would."""
        topic = events_topic(story.POLICE)
        with closing(self.installation.open_log("intruder")) as log:
            genuine = log.read(topic, 0, limit=1)[0].record
            forged = Record(genuine.key, genuine.value[:-1] + bytes([genuine.value[-1] ^ 1]), genuine.headers)
            end = log.end(topic)
            seen = [log.read(topic, at, limit=500) for at in range(0, end, 500)]
            if not any(recorded.record == forged for batch in seen for recorded in batch):
                log.append(topic, [forged])
