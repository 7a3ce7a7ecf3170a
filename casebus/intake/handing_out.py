"""Writes an agency's inbox events to `spool/out`, for its own system to take."""

from dataclasses import replace

from casebus.cases.outgoing import OUTGOING
from casebus.intake.spool import Spool
from casebus.store.store import Save, Store

BATCH = 200


class HandingOut:
    """Files first, then the mark: a crash between them writes the same file again, under the same name."""

    def __init__(self, spool: Spool, store: Store) -> None:
        self._spool = spool
        self._store = store

    def step(self) -> int:
        """Write what is committed and not yet written; return how many files."""
        with self._store.view() as view:
            unwritten = view.by(OUTGOING, "unwritten", "yes", limit=BATCH)
        for file in unwritten:
            self._spool.hand_out(file.name, file.body.encode())
        if unwritten:
            with self._store.transaction() as tx:
                for file in unwritten:
                    tx.apply(Save(OUTGOING, replace(file, written=True)))
        return len(unwritten)

    def idle(self) -> bool:
        """Tell whether every file is written."""
        with self._store.view() as view:
            return view.count(OUTGOING, "unwritten", "yes") == 0
