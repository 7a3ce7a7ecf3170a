"""The ledger that the demo writes, before programs that strangers wrote."""

import shutil

import pytest


@pytest.mark.independent
def test_the_demos_ledger_is_accepted_by_strangers_and_a_tampered_copy_is_not(told, strangers, tmp_path):
    vkey = told.network.layout.role("hub").ledger_vkey.read_text().strip()
    copy = tmp_path / "copy"
    shutil.copytree(told.network.layout.role("hub").ledger, copy)
    for stranger in strangers:
        assert stranger.accepts(copy, vkey), stranger.name
    bundle = next(path for path in (copy / "tile/entries").rglob("*") if path.is_file())
    data = bytearray(bundle.read_bytes())
    data[40] ^= 1
    bundle.write_bytes(data)
    for stranger in strangers:
        assert not stranger.accepts(copy, vkey), stranger.name
    verified = told.network.run("ledger", "verify", str(copy), "--key", vkey, "--json", code=3)
    assert '"outcome": "failed"' in verified.stdout
