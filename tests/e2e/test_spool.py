"""The spool, end to end: what an agency's own system sees when it hands documents over."""

import os
from pathlib import Path
from typing import Any

import pytest
from conftest import Network

from casebus.testing import story, synthetic


@pytest.fixture
def spool(network: Network) -> Path:
    return network.layout.role(story.POLICE).spool


def take(network: Network, *, code: int = 0) -> None:
    network.casebus("run", story.POLICE, "--only", "adapter", "--until-idle", "--timeout", "60", code=code)


def names(folder: Path) -> set[str]:
    return set(os.listdir(folder))


def tip(number: int, **how: Any) -> bytes:
    return synthetic.cybertip_json(f"9300{number:05d}", synthetic.person(620_000 + number), **how)


def test_an_accepted_document_moves_to_done_unchanged_beside_its_report(network: Network, spool: Path) -> None:
    network.put(story.POLICE, "tip.json", tip(1))
    take(network)
    assert names(spool / "in") == set()
    assert names(spool / "done") == {"tip.json", "tip.json.report.json"}
    assert (spool / "done" / "tip.json").read_bytes() == tip(1)
    report = network.report(story.POLICE, "done", "tip.json")
    assert (report["document"], report["outcome"], report["code"]) == ("tip.json", "accepted", None)
    assert len(report["event_ids"]) == 1


def test_what_is_still_being_written_is_left_alone(network: Network, spool: Path) -> None:
    for name in (".tip.json", "tip.json.part", ".part"):
        (spool / "in" / name).write_bytes(tip(1)[:100])
    take(network)
    assert names(spool / "in") == {".tip.json", "tip.json.part", ".part"}
    assert names(spool / "done") == names(spool / "refused") == set()


def test_what_is_not_a_regular_file_is_refused_by_a_report_and_left(
    network: Network, spool: Path, tmp_path: Path
) -> None:
    (tmp_path / "target").write_bytes(tip(1))
    (spool / "in" / "a-link").symlink_to(tmp_path / "target")
    (spool / "in" / "a-broken-link").symlink_to(tmp_path / "nothing")
    os.mkfifo(spool / "in" / "a-pipe")
    (spool / "in" / "a-directory").mkdir()
    (spool / "in" / "a-directory" / "tip.json").write_bytes(tip(2))
    network.put(story.POLICE, "tip.json", tip(3))
    take(network, code=9)
    irregular = {"a-link", "a-broken-link", "a-pipe", "a-directory"}
    assert names(spool / "in") == irregular
    assert names(spool / "refused") == {f"{name}.report.json" for name in irregular}
    for name in irregular:
        report = network.report(story.POLICE, "refused", name)
        assert (report["document"], report["outcome"], report["code"]) == (name, "refused", "not_a_regular_file")
    assert names(spool / "done") == {"tip.json", "tip.json.report.json"}
    assert (tmp_path / "target").read_bytes() == tip(1)
    (spool / "in" / "a-directory" / "another").touch()
    take(network)
    assert len(names(spool / "refused")) == 4, "what was refused and left is refused once"


def test_a_name_that_is_taken_becomes_a_pair_with_a_number(network: Network, spool: Path) -> None:
    for number in (1, 2, 3):
        network.put(story.POLICE, "tip.json", tip(number))
        take(network)
    assert names(spool / "done") == {
        *("tip.json", "tip.json.report.json"),
        *("tip.json.2", "tip.json.2.report.json"),
        *("tip.json.3", "tip.json.3.report.json"),
    }
    assert (spool / "done" / "tip.json.2").read_bytes() == tip(2)
    assert network.report(story.POLICE, "done", "tip.json.2")["document"] == "tip.json"


def test_a_document_that_is_named_like_a_report_takes_no_reports_place(network: Network, spool: Path) -> None:
    network.put(story.POLICE, "tip.json.report.json", tip(1))
    take(network)
    network.put(story.POLICE, "tip.json", tip(2))
    take(network)
    assert (spool / "done" / "tip.json.report.json").read_bytes() == tip(1)
    assert names(spool / "done") == {
        *("tip.json.report.json", "tip.json.report.json.report.json"),
        *("tip.json.2", "tip.json.2.report.json"),
    }


def test_the_longest_names_are_taken_and_their_reports_name_them_in_full(network: Network, spool: Path) -> None:
    ascii_name, wide_name = "x" * 255, "ā" * 127 + "x"
    for number, name in enumerate((ascii_name, wide_name)):
        for _ in range(2):
            (spool / "in" / name).write_bytes(tip(number))
            take(network)
    for name in (ascii_name, wide_name):
        assert name in names(spool / "done")
    reports = [name for name in names(spool / "done") if name.endswith(".report.json")]
    assert len(reports) == 4
    assert all(len(os.fsencode(name)) <= 255 for name in names(spool / "done"))
    documents = [
        network.report(story.POLICE, "done", name.removesuffix(".report.json"))["document"] for name in reports
    ]
    assert sorted(documents) == sorted([ascii_name, wide_name] * 2)


def test_documents_are_taken_by_modification_time_and_then_by_name(network: Network, spool: Path) -> None:
    """Four contents of one report: a tip and three amendments, in the order of arrival and not of their names."""
    arrivals = [("c.json", 1, 1), ("b.json", 2, 2), ("a.json", 2, 3), ("0.json", 3, 4)]  # name, second, person
    for name, second, person in arrivals:
        part = spool / "in" / f".{name}"
        part.write_bytes(synthetic.cybertip_json("930000001", synthetic.person(person)))
        os.utime(part, ns=(second * 10**9, second * 10**9))
        part.rename(spool / "in" / name)
    take(network)
    network.casebus("run", story.POLICE, "--only", "relay", "--until-idle", "--timeout", "60")
    order = [
        network.report(story.POLICE, "done", name)["event_ids"] for name in ("c.json", "a.json", "b.json", "0.json")
    ]
    published = network.tail("casebus.nz-police.events")
    assert [[record["id"]] for record in published] == order
    assert [record["type"] for record in published] == ["TipReceived", "TipAmended", "TipAmended", "TipAmended"]
    assert [r["payload"].get("revision") for r in published] == [None, 2, 3, 4]


@pytest.mark.parametrize("content", [tip(1), b"\xff\xfe no document"])
def test_a_name_that_is_not_utf_8_is_filed_like_any_other(network: Network, spool: Path, content: bytes) -> None:
    raw = b"tip-\xff\xfe.json"
    with open(os.path.join(os.fsencode(spool / "in"), raw), "wb") as file:
        file.write(content)
    accepted = content == tip(1)
    take(network, code=0 if accepted else 9)
    filed = os.fsencode(spool / ("done" if accepted else "refused"))
    assert set(os.listdir(filed)) == {raw, raw + b".report.json"}
    network.casebus("status")


def test_the_same_content_again_is_a_duplicate_and_makes_no_event(network: Network, spool: Path) -> None:
    for name in ("one.json", "two.json"):
        network.put(story.POLICE, name, tip(1))
        take(network)
    first, second = (network.report(story.POLICE, "done", name) for name in ("one.json", "two.json"))
    assert second["outcome"] == "duplicate"
    assert second["event_ids"] == first["event_ids"]
    assert network.json("status")["outbox"][story.POLICE] == 1


def test_inbox_events_are_handed_out_as_files(network: Network, spool: Path) -> None:
    network.put(story.POLICE, "tip.json", story.cybertip())
    network.put(story.NCA, "package.json", story.package())
    network.settle()
    hits = list((spool / "out").glob("*-DeconflictionHit-*.json"))
    assert len(hits) == 1
    assert story.PACKAGE_NUMBER not in hits[0].read_text()
