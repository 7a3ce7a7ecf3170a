"""Who is asked to cosign what, and when. Pure: time comes in as seconds that never go back.

All witnesses are asked for the same checkpoint, so that a quorum comes together for one text however fast the log
grows: a round. The next one begins, with the newest checkpoint, when all have answered, or those that have not are
overdue: counted from when the round was put to them, whatever they say meanwhile. A witness has one submission outstanding; one that does not answer is asked again after growing pauses (its
first submission stands on the bus all the same), so that a witness that is away for days finds little to read. What it says
about where it stands makes it asked again at once, but once in a round only.

A log at rest is cosigned anew every ten minutes: old cosignatures would look like a view of it that was frozen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

OVERDUE_S = 5.0
LONGEST_PAUSE_S = 600.0
REFRESH_S = 600.0


@dataclass(slots=True)
class Turn:
    """One witness's part. `size` is what it cosigned last, as far as known; `answered` the text it answered last;
    `hurried` tells that in this round it was asked again at once for what it said.
    """

    size: int = 0
    answered: str = ""
    asked_at: float | None = None
    tries: int = 0
    hurried: bool = False


@dataclass(slots=True)
class Rounds:
    """The current round: the checkpoint's `text`, empty before the first, and each witness's turn by name."""

    turns: dict[str, Turn]
    text: str = ""
    begun_at: float = 0.0
    put_at: float | None = None
    """When the first witness was asked for the text: the leaves had to be published before."""

    @classmethod
    def of(cls, names: Iterable[str]) -> "Rounds":
        """Return rounds among these witnesses."""
        return cls({name: Turn() for name in names})

    def may_begin(self, text: str, now: float) -> bool:
        """Tell whether a round for this text may begin: for another than the current one, or the same after a while."""
        if not self.text:
            return True
        is_news = text != self.text or now - self.begun_at >= REFRESH_S
        return is_news and not any(self._is_awaited(turn, now) for turn in self.turns.values())

    def begin(self, text: str, now: float) -> None:
        """Begin a round. The same text again asks everybody again who answered it; the others' pauses go on growing."""
        if text == self.text:
            for turn in self.turns.values():
                if turn.answered == text:
                    turn.answered = ""
                    self._settle(turn)
        for turn in self.turns.values():
            turn.hurried = False
        self.text = text
        self.begun_at = now
        self.put_at = None

    def due(self, now: float) -> list[str]:
        """Return who is to be asked now."""
        return [name for name, turn in self.turns.items() if self.text and self._is_due(turn, now)]

    def asked(self, name: str, now: float) -> None:
        """Note that a witness was asked for the current text."""
        turn = self.turns[name]
        turn.asked_at = now
        turn.tries += 1
        self.put_at = now if self.put_at is None else self.put_at

    def cosigned(self, name: str, text: str, size: int) -> None:
        """Note a cosignature. One for an older text leaves the witness to be asked for the current one."""
        turn = self.turns[name]
        turn.size = max(turn.size, size)
        if text == self.text:
            turn.answered = text
            self._settle(turn)
        elif turn.answered != self.text:
            turn.answered = text
            self._hurry(turn)

    def holds(self, name: str, size: int) -> bool:
        """Note that a witness says what it cosigned last; tell whether it is news, for which it is asked again at once."""
        turn = self.turns[name]
        is_news, turn.size = turn.size != size, size
        return is_news and self._hurry(turn)

    def refused(self, name: str) -> None:
        """Note that a witness refused, and is not asked for the current text again."""
        turn = self.turns[name]
        turn.answered = self.text
        self._settle(turn)

    def _hurry(self, turn: Turn) -> bool:
        if turn.hurried:
            return False
        turn.hurried = True
        self._settle(turn)
        return True

    def _settle(self, turn: Turn) -> None:
        turn.asked_at = None
        turn.tries = 0

    def _is_awaited(self, turn: Turn, now: float) -> bool:
        if turn.answered == self.text:
            return False
        return turn.tries <= 1 and (self.put_at is None or now - self.put_at < OVERDUE_S)

    def _is_due(self, turn: Turn, now: float) -> bool:
        if turn.answered == self.text:
            return False
        pause = min(OVERDUE_S * 2 ** max(turn.tries - 1, 0), LONGEST_PAUSE_S)
        return turn.asked_at is None or now - turn.asked_at >= pause
