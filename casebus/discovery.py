"""How the core finds adapters and consumers: by entry point, the same door that a fourth agency uses."""

from importlib.metadata import entry_points

from casebus.bus.consumer import Consumer, EventConsumer, RecordConsumer, Role, TimedConsumer
from casebus.errors import NotFound
from casebus.intake.adapter import Adapter


def adapter_of(agency: str) -> Adapter:
    """Return an agency's adapter. Raises `NotFound` when none is installed."""
    for entry in entry_points(group="casebus.producers", name=agency):
        adapter: Adapter = entry.load()
        return adapter
    raise NotFound(
        f"no adapter is installed for {agency}",
        next_step="install the package that has it: an entry point of the group casebus.producers.",
    )


def consumers_of(role: Role) -> list[Consumer]:
    """Return the consumers that a role runs, by name."""
    found = [entry.load() for entry in entry_points(group="casebus.consumers")]
    consumers = [
        each for each in found if isinstance(each, EventConsumer | RecordConsumer | TimedConsumer) and each.role is role
    ]
    return sorted(consumers, key=lambda consumer: consumer.name)
