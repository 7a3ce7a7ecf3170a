"""One Apache Kafka node (KRaft, broker and controller in one JVM) on a loopback port. Standard library only.

`kafka_up.py` runs it for people, `tests/kafka_node.py` for tests.
"""

import base64
import contextlib
import ctypes
import io
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBS = HERE.parent / ".cache" / "kafka" / "libs"
READY_SECONDS = 120.0  # on a throttled host: format 66 s, ready 84 s
STOP_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1

# Not -XX:+ExitOnOutOfMemoryError: with it, one 33 KB compressed bomb that claims 1 GiB stops the broker.
JVM_FLAGS = ["-Xms128m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},SECURE://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SECURE://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
# A node that was killed is let in again when its old session has ended: 9 s by default.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""


class KafkaFailed(Exception):
    """The node did not do what it was told; the text says where its log is."""


def missing_parts() -> str | None:
    """Say what keeps a node from starting here, or None."""
    if shutil.which("java") is None:
        return "there is no java on the PATH (Kafka 4 needs Java 17)"
    if not any(LIBS.glob("kafka_2.13-*.jar")):
        return "Kafka's jars are not in .cache/kafka/libs: run `python tools/kafka_up.py fetch`"
    return None


@dataclass
class SingleNode:
    """A node with its directory. The port stays the same over restarts.

    `tied` ends the JVM when the process that started it dies, whatever way (Linux). `secure` are the properties of a
    second listener with TLS and passwords, `users` what `--add-scram` takes for it.
    """

    directory: Path
    tied: bool = True
    secure: str = ""
    users: tuple[str, ...] = ()
    port: int = 0
    secure_port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def bootstrap(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What the node wrote."""
        return self.directory / "node.log"

    def format(self) -> None:
        """Make the directory with a new, empty cluster."""
        self.directory.mkdir(parents=True)
        self.port, self.secure_port, controller = _free_ports(3)
        (self.directory / "server.properties").write_text(self._properties(controller))
        command = ["format", "--standalone", "-t", _cluster_id(), "-c", str(self.directory / "server.properties")]
        command += [word for user in self.users for word in ("--add-scram", user)]
        done = subprocess.run(_java("kafka.tools.StorageTool", *command), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise KafkaFailed(f"formatting failed: {(done.stderr or done.stdout).strip()[-2000:]}")

    def start(self) -> None:
        """Start and return when every partition that the node holds has a leader."""
        written = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                _java("kafka.Kafka", str(self.directory / "server.properties")),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_parent if self.tied and sys.platform == "linux" else None,
            )
        deadline = time.monotonic() + READY_SECONDS
        while not (self._said_started(written) and _leaders_known(self.port)):
            if self.process.poll() is not None:
                raise KafkaFailed(f"the node ended with {self.process.returncode}; see {self.log}\n{self._tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise KafkaFailed(f"the node was not ready in {READY_SECONDS:.0f} s; see {self.log}\n{self._tail()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it in order; by force when it takes too long. Harmless when it does not run."""
        if self.process is None:
            return
        self.resume()
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """Kill it, as a power cut of its process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """Let it stand still: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        """Stop it and leave nothing."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _properties(self, controller: int) -> str:
        text = PROPERTIES if self.secure else PROPERTIES.replace("SECURE://127.0.0.1:{secure},", "")
        where = {"port": self.port, "secure": self.secure_port, "controller": controller}
        return text.format(**where, data=self.directory / "data") + self.secure

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def _said_started(self, written: int) -> bool:
        with self.log.open("rb") as log:
            log.seek(written)
            return b"Kafka Server started" in log.read()

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


def _java(main: str, *arguments: str) -> list[str]:
    logging = f"-Dlog4j2.configurationFile={HERE / 'kafka' / 'log4j2.xml'}"
    return [shutil.which("java") or "java", *JVM_FLAGS, logging, "-cp", f"{LIBS}/*", main, *arguments]


def _cluster_id() -> str:
    """Return a new id as Kafka makes one: none that begins with a dash, which its own tool would take for an option."""
    drawn = (base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=") for _ in range(1000))
    return next(each for each in drawn if not each.startswith("-"))


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _leaders_known(port: int) -> bool:
    """Ask for metadata of all topics (Metadata v1) and tell whether every partition has a leader.

    An open port is not enough: a node that was killed opens it before it leads its partitions again.
    """
    # int16 api key 3, int16 version 1, int32 correlation id, nullable string client id; int32 -1: all topics
    request = struct.pack(">hhih", 3, 1, 1, -1) + struct.pack(">i", -1)
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0) as connection:
            connection.settimeout(2.0)
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.makefile("rb")
            (size,) = struct.unpack(">i", answer.read(4))
            return _has_leaders(answer.read(size))
    except (OSError, struct.error):
        return False


def _has_leaders(answer: bytes) -> bool:
    stream = io.BytesIO(answer[4:])  # after the correlation id

    def number(form: str) -> int:
        return int(struct.unpack(form, stream.read(struct.calcsize(form)))[0])

    def skip_string() -> None:
        stream.read(max(number(">h"), 0))

    brokers = number(">i")
    for _ in range(brokers):
        number(">i")
        skip_string()
        number(">i")
        skip_string()
    number(">i")  # controller
    leaders = []
    for _ in range(number(">i")):
        number(">h")
        skip_string()
        number(">b")
        for _ in range(number(">i")):
            stream.read(6)
            leaders.append(number(">i"))
            for _ in range(2):  # replicas, in-sync replicas
                stream.read(4 * number(">i"))
    return brokers > 0 and all(leader >= 0 for leader in leaders)


def is_node(pid: int, directory: Path) -> bool:
    """Tell whether a process is the node of a directory: process ids are used again."""
    shown = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
    return "kafka.Kafka" in shown.stdout and str(directory) in shown.stdout


def end(pid: int) -> None:
    """End a node that another process started."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
