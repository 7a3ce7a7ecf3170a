"""What all tests share: the real PostgreSQL, and the last lines, which say what ran against which real part."""

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from postgres_server import Missing, PostgresServer
from real_parts import require_or_skip

# Kafka's fixtures, and the strangers' verifiers, live in modules of their own.
pytest_plugins = ["kafka_node", "independent_verifiers", "second_python"]

# How long an example takes says something of the machine and nothing of the rule.
settings.register_profile("casebus", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("casebus")

_PARTS = ("sqlite", "postgres", "kafka", "independent", "second_python", "browser")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running server; the test skips where the machine has none, and fails if that is in CI."""
    try:
        server = PostgresServer()
    except Missing as missing:
        require_or_skip("postgres", str(missing))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """Return the URL of a database on it. Schemas outlive a test: each test uses names of its own."""
    return postgres_server.url


class RealParts:
    """Counts what ran, and was skipped, per real part."""

    def __init__(self) -> None:
        self._ran: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter()
        self._reasons: dict[str, set[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for part in _parts_of(report):
            if report.skipped:
                self._skipped[part] += 1
                reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
                self._reasons.setdefault(part, set()).add(reason.removeprefix("Skipped: ").removeprefix(f"{part}: "))
            elif report.when == "call":
                self._ran[part] += 1

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
        # Wrapped around all others, so that it comes after their summaries, however long these are.
        yield
        terminalreporter.write_line("casebus: " + "; ".join(map(self._line, _PARTS)))

    def _line(self, part: str) -> str:
        line = f"{part} {self._ran[part]} run"
        if part == "sqlite" and not self._skipped[part]:
            return line
        reasons = " | ".join(sorted(self._reasons.get(part, ())))
        return f"{line}, {self._skipped[part]} skipped" + (f" ({reasons})" if reasons else "")


def _parts_of(report: pytest.TestReport) -> list[str]:
    """Return the real parts that a test runs on; one may run on several."""
    marked = [part for part in _PARTS[1:] if part in report.keywords]
    place = report.nodeid.rpartition("::")[0]
    return marked or (["sqlite"] if "sqlite" in place.lower() else [])


LONG = (
    "test_story_on_real_parts",
    "test_ledger_faults",
    "test_console_story",
    "test_kills",
    "test_replay_story",
    "test_blocks_run",
)
"""Files that take minutes. They begin first: left for the end, one would run alone while the other worker has nothing to do."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(RealParts(), "casebus-real-parts")
