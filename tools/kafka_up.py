"""Fetch Apache Kafka from Maven Central, and run one node for people.

    python tools/kafka_up.py fetch    jars into .cache/kafka/libs, verified against tools/kafka/jars.sha256
    python tools/kafka_up.py up       start a node in the background, print HOST:PORT when it is ready
    python tools/kafka_up.py down     stop it and remove its data

`fetch` without Java, Maven or a network says so and succeeds, so that `make test` goes on without Kafka; with CI=true
it fails. Standard library only.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from kafka_single_node import HERE, LIBS, KafkaFailed, SingleNode, end, is_node, missing_parts

POM = HERE / "kafka" / "pom.xml"
SUMS = HERE / "kafka" / "jars.sha256"
RUN = LIBS.parent / "run"
FETCH_SECONDS = 900


def fetch() -> int:
    """Make the jars be there, exactly those of the list. Returns the exit code."""
    if wrong_jars() is None:
        return 0
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            return absent(f"there is no {program} on the PATH")
    shutil.rmtree(LIBS, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={LIBS}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return absent(f"Maven did not finish in {FETCH_SECONDS} s")
    if done.returncode != 0:
        return absent(f"Maven failed: {(done.stdout or done.stderr).strip().splitlines()[:1]}")
    if (wrong := wrong_jars()) is not None:
        shutil.rmtree(LIBS)  # never run what is not on the list
        print(f"kafka: {wrong}; the jars were removed", file=sys.stderr)
        return 1
    return 0


def absent(reason: str) -> int:
    """Say why there is no Kafka. CI may not go on without it."""
    print(f"kafka: {reason}; tests against a real Kafka will be skipped", file=sys.stderr)
    return 1 if os.environ.get("CI") == "true" else 0


def wrong_jars() -> str | None:
    """Say how the jars differ from the list, or None. A jar too many is wrong: all of them are on the class path."""
    expected = dict(reversed(line.split()) for line in SUMS.read_text().splitlines())
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in LIBS.glob("*")}
    differing = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    return f"{len(differing)} jars are not as tools/kafka/jars.sha256 says, first {differing[0]}" if differing else None


def up() -> int:
    """Start a node, unless it runs."""
    if (address := running()) is not None:
        print(address)
        return 0
    if (reason := missing_parts()) is not None:
        print(f"kafka: {reason}", file=sys.stderr)
        return 1
    shutil.rmtree(RUN, ignore_errors=True)
    node = SingleNode(RUN, tied=False)
    try:
        node.format()
        node.start()
    except KafkaFailed as failed:
        print(f"kafka: {failed}", file=sys.stderr)
        return 1
    assert node.process is not None, "bug: start returned without a process"
    (RUN / "node").write_text(f"{node.process.pid} {node.bootstrap}\n")
    print(node.bootstrap)
    return 0


def down() -> int:
    """Stop the node and remove what it kept. Harmless when none runs."""
    if running() is not None:
        end(_noted()[0])
    shutil.rmtree(RUN, ignore_errors=True)
    return 0


def running() -> str | None:
    """Return the address of the node that `up` started, while it runs."""
    pid, address = _noted()
    return address if pid and is_node(pid, RUN) else None


def _noted() -> tuple[int, str]:
    note = RUN / "node"
    if not note.exists():
        return 0, ""
    pid, address = note.read_text().split()
    return int(pid), address


def main(arguments: list[str]) -> int:
    """Run one of the three. Returns the exit code."""
    commands = {"fetch": fetch, "up": up, "down": down}
    if len(arguments) != 1 or arguments[0] not in commands:
        print(f"usage: {Path(__file__).name} fetch|up|down", file=sys.stderr)
        return 2
    return commands[arguments[0]]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
