"""A witness under any sequence of honest and dishonest submissions, restarts and clocks: what it signed is consistent."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from witness_log import NOW, ORIGIN, OTHER_KEY, Tree, cosigned, opened

from casebus.clock import FixedClock
from casebus.ledger.note import Note
from casebus.ledger.tree import verify_consistency

STORIES = [Tree(40), Tree(40, forked_at=0), Tree(40, forked_at=7), Tree(40, forked_at=19)]
SIZES = st.integers(0, 40)


class Witnessing(RuleBasedStateMachine):
    """The log's operator has the true key, and tells any of four stories, from any start, with any proof."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="casebus-witness-"))
        self.clock = FixedClock(NOW)
        self.witness = opened(self.directory / "w", self.clock)
        self.signed: list[tuple[int, bytes, int]] = []
        self.stopped = False

    def teardown(self) -> None:
        self.witness.close()
        shutil.rmtree(self.directory)

    @property
    def held(self) -> int:
        return self.signed[-1][0] if self.signed else 0

    def _ask(self, tree: Tree, old: int, size: int, proof: list[bytes] | None = None) -> int:
        answer = self.witness.add_checkpoint(tree.ask(old, size, proof))
        if answer.status == 200:
            self.signed.append((size, tree.root(size), cosigned(answer.body, tree.note(size), self.witness.vkey)))
        elif answer.status == 409:
            assert answer.body == b"%d\n" % self.held
        else:
            assert answer.status in (400, 422, 503)
        return answer.status

    @rule(story=st.sampled_from(STORIES), old=SIZES, size=SIZES)
    def any_submission(self, story: Tree, old: int, size: int) -> None:
        self._ask(story, old, size)

    @rule(story=st.sampled_from(STORIES), size=SIZES)
    def from_where_it_stands(self, story: Tree, size: int) -> None:
        self._ask(story, self.held, size)

    @rule(story=st.sampled_from(STORIES), size=SIZES, other=st.sampled_from(STORIES), old=SIZES)
    def with_the_proof_of_another_story(self, story: Tree, size: int, other: Tree, old: int) -> None:
        self._ask(story, self.held, size, other.proof(old, size) if old <= size else [])

    @rule(size=SIZES)
    def by_another_key(self, size: int) -> None:
        assert self.witness.add_checkpoint(Tree(40, key=OTHER_KEY).ask(self.held, size)).status == 403

    @rule(seconds=st.integers(-3, 5))
    def time_passes_or_goes_back(self, seconds: int) -> None:
        self.clock.at += timedelta(seconds=seconds)

    @rule()
    def restart(self) -> None:
        self.witness.close()
        self.witness = opened(self.directory / "w", self.clock)

    @precondition(lambda self: self.signed)
    @rule(growth=st.integers(0, 3))
    def honest_growth_goes_through(self, growth: int) -> None:
        """What follows the story told so far is cosigned, unless the log was caught or the clock is behind."""
        size, root, timestamp = self.signed[-1]
        for story in STORIES:
            if story.root(size) == root and size + growth <= 40:
                behind = self.clock.now().timestamp() < timestamp
                caught = self.witness.stopped(ORIGIN) is not None
                assert self._ask(story, size, size + growth) == (422 if caught else 503 if behind else 200)
                return

    @invariant()
    def what_it_signed_is_one_growing_tree(self) -> None:
        for (old, old_root, before), (new, new_root, after) in zip(self.signed, self.signed[1:], strict=False):
            assert old <= new
            assert before <= after
            assert any(tree.root(old) == old_root and tree.root(new) == new_root for tree in STORIES)
            story = next(tree for tree in STORIES if tree.root(old) == old_root and tree.root(new) == new_root)
            if old:
                verify_consistency(old, new, old_root, new_root, story.proof(old, new))

    @invariant()
    def what_it_serves_is_what_it_signed_last(self) -> None:
        latest: Note | None = self.witness.latest(ORIGIN)
        assert (latest is None) == (not self.signed)
        assert latest is None or int(latest.text.split("\n")[1]) == self.held

    @invariant()
    def a_stop_is_for_good(self) -> None:
        stopped = self.witness.stopped(ORIGIN) is not None
        assert stopped or not self.stopped
        self.stopped = stopped


TestWitnessing = Witnessing.TestCase
TestWitnessing.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
