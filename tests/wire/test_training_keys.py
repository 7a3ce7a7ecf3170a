"""Published keys protect nothing, so nothing that is not for training takes them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from casebus.clock import SystemClock
from casebus.errors import NotPermitted
from casebus.installing import initialise
from casebus.layout import Layout
from casebus.roles import Installation


def test_a_directory_with_a_published_key_that_does_not_say_training_is_refused(tmp_path: Path) -> None:
    layout = initialise(tmp_path / "bus", training=True, now=datetime(2026, 3, 1, tzinfo=UTC))
    for path in (layout.settings, layout.directory):
        path.write_text(path.read_text().replace("training = true", "training = false"))
    with pytest.raises(NotPermitted, match="published"):
        Installation.open(Layout(layout.root), SystemClock())


def test_real_keys_are_taken_without_a_word(tmp_path: Path) -> None:
    layout = initialise(tmp_path / "bus", training=False, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert not Installation.open(Layout(layout.root), SystemClock()).settings.training
