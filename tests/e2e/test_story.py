"""The demo, embedded: what a person reads, and that telling it twice does nothing twice."""

import json
import re
import subprocess
import sys

import pytest
from conftest import AGENCIES, Standing, Told

from casebus.testing import story

SENTENCES = (
    f"Internal Affairs' register of {story.REGISTER_CASES} open cases is loaded as a backlog: no alarm is raised.",
    "A CyberTip reaches OCEANZ. Nobody else is told of it.",
    "package names the same account. Both desks are told.",
    "ring NCA referrals bureau duty desk, +44 1632 960 123",
    "ring OCEANZ coordination desk, +64 4 555 0101",
    "of uk-nca's case it sees nothing else.",
    "of nz-police's case it sees nothing else.",
    "as a possible child, never as a suspect",
    "A welfare visit is requested at once",
    "one child is safeguarded",
    "1 notice: same report, no conflict.",
    "goes to review, and alarms nobody.",
    f"One e-mail, and one address that {story.CROWD} other reports have too",
    "too common to count, and said so: ip at time.",
    "It is corrected: retracted.",
    "UTC: it rested on an identifier that was corrected.",
    "covered: nz-police, nz-internal-affairs. It is on record, and stays on watch.",
    "A broken document is refused and kept beside its report: malformed_json",
    "A forged record on NZ Police's topic is parked: signature_invalid.",
    "leaves: verified.",
    "3 of 3 witnesses have followed its tree and cosigned it: nz-police, uk-nca, nz-internal-affairs.",
    "any two of them are a quorum.",
    "outcome proposed by uk-nca: joint investigation",
    "1 child safeguarded",
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_story_is_told_on_stdout(told: Told, sentence: str) -> None:
    assert sentence in told.stdout


@pytest.mark.parametrize("number", [story.CYBERTIP_NUMBER, story.PACKAGE_NUMBER])
def test_each_desk_reads_which_record_of_its_own_it_concerns_and_what_agrees(told: Told, number: str) -> None:
    """Which kind says more, and comes first, is measured: no rule of the story's."""
    (kinds,) = re.findall(rf"it concerns its own tip {number}; agreeing: (.*)", told.stdout)
    assert sorted(kinds.split(", ")) == ["email", "service account id"]


def test_both_desks_resolve_the_conflict_with_one_outcome(told: Told) -> None:
    for agency in ("nz-police", "uk-nca"):
        assert re.search(rf"{agency}: \S+ is resolved: joint investigation\.", told.stdout)
        number = {"nz-police": story.CYBERTIP_NUMBER, "uk-nca": story.PACKAGE_NUMBER}[agency]
        (alert,) = (a for a in told.standing.alerts[agency] if a["own"]["ref"] == number)
        assert alert["overlap"] == "same_person"
        assert (alert["state"], alert["our_state"], alert["their_state"]) == ("resolved",) * 3
        assert alert["outcome"] == "JOINT_INVESTIGATION"
    assert [a["overlap"] for a in told.standing.alerts["nz-internal-affairs"]] == ["same_source_report"]


def test_the_time_from_document_to_alert_is_printed(told: Told) -> None:
    assert re.search(r"From document to alert at both: \d+\.\d\d s \(embedded bus, SQLite\)\.", told.stdout)


def test_progress_is_on_stderr_and_the_account_is_not(told: Told) -> None:
    assert "starting the hub and three agency nodes" in told.stderr
    assert "... The replay" in told.stderr
    assert "starting" not in told.stdout
    assert "stopping" not in told.stdout
    assert "Both desks are told" not in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(("apart", "times"), [(False, 1), (True, 2)])
def test_who_reads_the_account_and_the_progress_in_one_place_reads_a_heading_once(*, apart: bool, times: int) -> None:
    program = [sys.executable, "-c", "from casebus.cli.demo_words import title; title('The ledger')"]
    err = subprocess.PIPE if apart else subprocess.STDOUT
    done = subprocess.run(program, stdout=subprocess.PIPE, stderr=err, text=True, timeout=120, check=True)
    assert (done.stdout + (done.stderr or "")).count("The ledger") == times


def test_what_each_side_is_told_of_the_other_is_a_pointer(told: Told) -> None:
    texts = {agency: json.dumps(told.standing.alerts[agency]) for agency in AGENCIES}
    assert story.PACKAGE_NUMBER not in texts["nz-police"]
    assert story.CYBERTIP_NUMBER not in texts["uk-nca"]
    assert {a["partner"] for a in told.standing.alerts["nz-police"]} == {"uk-nca", "nz-internal-affairs"}


def test_told_twice_nothing_happens_twice(told: Told) -> None:
    before = told.standing
    again = told.network.run("demo")
    after = Standing.of(told.network)
    added = [r for topic, end in before.ends.items() for r in told.network.tail(topic, end)]
    assert {record.get("type") for record in added} == {"DataAccessed"}
    assert (after.state_hash, after.alerts, after.parked) == (before.state_hash, before.alerts, before.parked)
    assert len(before.parked) == 2
    assert sum("signature_invalid" in json.dumps(r) for r in told.network.tail("casebus.nz-police.events")) == 1
    assert "is resolved: joint investigation" in again.stdout


def test_each_decision_was_published_once(told: Told) -> None:
    """Each desk decides on the first alert; the police also take up the one that turns out to be a mistake."""
    for agency, acknowledged in (("nz-police", 2), ("uk-nca", 1)):
        types = [record.get("type") for record in told.network.tail(f"casebus.{agency}.events")]
        assert types.count("DeconflictionAcknowledged") == acknowledged
        assert types.count("DeconflictionResolved") == 1
