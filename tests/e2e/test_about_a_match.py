"""What an officer can do about a match: ask before acting, say "different person", see why, and hear of a mistake."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import Network, new_network, stop

from casebus.testing import synthetic
from casebus.testing.story import AFFAIRS, NCA, POLICE

ONE = synthetic.person(600_001)
TWO = synthetic.person(600_002)
MISTYPED = synthetic.person(600_003)
WATCHED = synthetic.person(600_004)
ALONE = synthetic.person(600_005)
TWICE = synthetic.person(600_007)
TIP, PACKAGE, LATER, WRONG, LONE = "900000601", "NCA-2026-000601", "900000602", "DIA-2024-00001", "900000603"
FIRST, SECOND = "900000605", "900000606"


def known_by(one: synthetic.Person, **more: str | None) -> synthetic.Person:
    """Return what another agency knows of a person: the account, and what is named."""
    return synthetic.Person(service=one.service, account_id=one.account_id, **more)


@dataclass(frozen=True)
class Done:
    """A network after the story, and what was said on the way."""

    network: Network
    asked: dict[str, Any]
    apart: dict[str, Any]
    quiet: int
    anew: dict[str, dict[str, Any]]
    acted: dict[str, Any]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    network = new_network(tmp_path_factory.mktemp("officer") / "bus")
    as_nca = ("--agency", NCA, "--officer", "NCA-1")
    network.put(POLICE, "tip.json", synthetic.cybertip_json(TIP, ONE))
    network.put(POLICE, "alone.json", synthetic.cybertip_json(LONE, ALONE))
    network.put(POLICE, "first.json", synthetic.cybertip_json(FIRST, TWICE))
    network.put(POLICE, "second.json", synthetic.cybertip_json(SECOND, TWICE))
    network.put(NCA, "package.json", synthetic.nca_package(PACKAGE, known_by(ONE)))
    mistyped = synthetic.Person(name=synthetic.person(600_006).name, email=MISTYPED.email)
    network.put(AFFAIRS, "register.csv", synthetic.dia_register(1, include=[mistyped]))
    network.put(POLICE, "third.json", synthetic.cybertip_json(LATER, MISTYPED))
    ask = ("deconflict", "check", *as_nca, "--basis", "planned-action", "--wait", "0", "--json")
    asked = {
        "watched": json.loads(network.casebus(*ask, "--phone", str(WATCHED.phone))),
        "hit": json.loads(network.casebus(*ask, "--email", str(ALONE.email))),
    }
    network.settle()
    (alert,) = [a for a in network.alerts(NCA) if a["own"]["ref"] == PACKAGE]
    apart = network.json("alerts", "resolve", alert["ref"], "--outcome", "FALSE_MATCH", *as_nca)
    acted = {"affairs": None, "police": None}
    for name, agency, own in (("affairs", AFFAIRS, WRONG), ("police", POLICE, LATER)):
        (wrong,) = [a for a in network.alerts(agency) if a["own"]["ref"] == own]
        officer = ("--agency", agency, "--officer", name)
        acted[name] = network.json("alerts", "resolve", wrong["ref"], "--outcome", "JOINT_INVESTIGATION", *officer)
    network.put(NCA, "package-2.json", synthetic.nca_package(PACKAGE, known_by(ONE), kirat="LOW"))
    network.settle()
    quiet = hits(network, NCA)
    network.put(NCA, "package-3.json", synthetic.nca_package(PACKAGE, known_by(ONE, email=ONE.email), kirat="LOW"))
    network.put(AFFAIRS, "register-2.csv", synthetic.dia_register(1, include=[replace(mistyped, email=TWO.email)]))
    network.put(POLICE, "fourth.json", synthetic.cybertip_json("900000604", WATCHED))
    network.settle()
    anew = {
        agency: next(a for a in network.alerts(agency) if a["own"]["ref"] == own)
        for agency, own in ((NCA, PACKAGE), (POLICE, TIP))
    }
    return Done(network, asked, apart, quiet, anew, acted)


def hits(network: Network, agency: str) -> int:
    return len(list((network.layout.role(agency).spool / "out").glob("*-DeconflictionHit-*.json")))


# --- ask before acting ---


def test_a_check_that_finds_something_tells_both_sides(done: Done) -> None:
    found = done.network.json("deconflict", "show", done.asked["hit"]["ref"], "--agency", NCA)
    assert found["answer"]["outcome"] == "hit"
    (alert,) = found["answer"]["alerts"]
    assert alert["own"] == {"kind": "check", "ref": done.asked["hit"]["ref"]}
    (other,) = [a for a in done.network.alerts(POLICE) if a["own"]["ref"] == LONE]
    assert (other["partner"], other["conflict_id"]) == (NCA, alert["conflict_id"])


def test_a_check_that_finds_nothing_is_on_record_with_its_time_and_whom_it_covered(done: Done) -> None:
    shown = done.network.json("deconflict", "show", done.asked["watched"]["ref"], "--agency", NCA)
    assert shown["answer"]["nothing_found_at"] is not None
    assert set(shown["answer"]["covered"]) == {POLICE, AFFAIRS}
    no_hits = [r for r in done.network.tail("casebus.hub.events") if r["type"] == "DeconflictionNoHit"]
    assert [r["payload"]["own_kind"] for r in no_hits if r["payload"]["own_id"] == shown["check_id"]] == ["check"]


def test_what_was_not_answered_yet_is_no_answer(done: Done) -> None:
    assert done.asked["watched"]["answer"] is None


def test_a_check_stays_on_watch_until_it_is_closed(done: Done, tmp_path: Path) -> None:
    ref = done.asked["watched"]["ref"]
    shown = done.network.json("deconflict", "show", ref.lower(), "--agency", NCA)
    (alert,) = shown["answer"]["alerts"]
    assert (shown["answer"]["outcome"], alert["state"], shown["watched"]) == ("hit", "open", True)
    as_nca = ("--agency", NCA, "--officer", "NCA-1")
    closed = done.network.json("deconflict", "close", ref, *as_nca)
    assert (closed["watched"], closed["revision"]) == (False, 2)
    assert done.network.json("deconflict", "close", ref, *as_nca)["revision"] == 2
    done.network.settle()
    (gone,) = done.network.json("deconflict", "show", ref, "--agency", NCA)["answer"]["alerts"]
    assert gone["state"] == "retracted"
    listed = done.network.json("deconflict", "list", "--agency", NCA)["checks"]
    assert {check["ref"]: check["watched"] for check in listed} == {ref: False, done.asked["hit"]["ref"]: True}


def test_no_identifier_of_a_check_leaves_its_agency_and_none_is_in_a_log(done: Done) -> None:
    own = done.network.layout.role(NCA).directory
    for secret in (str(WATCHED.phone).encode(), b"+6420"):
        for path in done.network.root.rglob("*"):
            inside = path.is_relative_to(own)
            if path.is_file() and (not inside or path.suffix == ".jsonl") and POLICE not in str(path):
                assert secret not in path.read_bytes(), path
    assert str(WATCHED.phone).encode() in done.network.layout.role(NCA).state.read_bytes()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("--basis", "planned-action", "--email", "x@example.org"), 5),
        (("--officer", "o", "--basis", "curiosity", "--email", "x@example.org"), 2),
        (("--officer", "o", "--basis", "case"), 2),
        (("--officer", "o", "--basis", "case", "--name", "Fictor Notreal"), 2),
        (("--officer", "o", "--basis", "case", "--ip", "2001:db8::7", "--ip-at", "2026-01-31 09:00"), 2),
        (("--officer", "o", "--basis", "case", "--account", "u-1"), 2),
        (("--officer", "o", "--basis", "case", "--email", "no-address"), 2),
    ],
)
def test_a_check_that_cannot_be_asked_changes_nothing_and_repeats_nothing(
    done: Done, given: tuple[str, ...], code: int
) -> None:
    before = done.network.json("deconflict", "list", "--agency", POLICE)["checks"]
    refused = done.network.run("deconflict", "check", "--agency", POLICE, *given, code=code)
    assert not any(word in refused.stderr for word in ("no-address", "Notreal", "2026-01-31 09", "u-1"))
    assert done.network.json("deconflict", "list", "--agency", POLICE)["checks"] == before


def test_a_reference_of_another_agency_is_not_found(done: Done) -> None:
    for command in ("show", "close"):
        ref = done.asked["hit"]["ref"]
        done.network.run("deconflict", command, ref, "--agency", POLICE, "--officer", "o", code=4)


def test_an_operator_of_the_machine_neither_asks_nor_sees_what_was_asked(done: Done) -> None:
    operator = ("--agency", POLICE, "--officer", "OCEANZ-OPS")
    ask = ("--basis", "case", "--phone", str(WATCHED.phone), "--wait", "0")
    done.network.run("deconflict", "check", *operator, *ask, code=5)
    for command in (("list",), ("show", "CHECK-AAAAAAA"), ("close", "CHECK-AAAAAAA")):
        done.network.run("deconflict", *command, *operator, code=5)
    done.network.run("match", "explain", TIP, TIP, *operator, code=5)


def test_with_a_running_hub_the_answer_is_waited_for(tmp_path: Path) -> None:
    network = new_network(tmp_path / "bus")
    running = network.start()
    try:
        network.rest(running)
        given = ("--agency", POLICE, "--officer", "o", "--basis", "case", "--wait", "60")
        answer = network.json("deconflict", "check", *given, "--phone", str(WATCHED.phone))["answer"]
    finally:
        stop(running)
    assert (answer["outcome"], set(answer["covered"])) == ("nothing_found", {NCA, AFFAIRS})


# --- "different person" ---


def test_different_person_holds_whatever_is_amended(done: Done) -> None:
    assert done.apart["our_state"] == "resolved"
    told = [path.read_text() for path in (done.network.layout.role(NCA).spool / "out").glob("*-DeconflictionHit-*")]
    about = [hit for hit in map(json.loads, told) if hit["payload"]["conflict_id"] == done.apart["conflict_id"]]
    assert len(about) == 2, "once when it was found, once when something new agreed; nothing for what was amended"
    assert [hit["payload"]["new_evidence"] for hit in sorted(about, key=lambda h: h["position"])] == [[], ["EMAIL"]]


def test_new_evidence_asks_both_sides_anew_and_says_what_is_new(done: Done) -> None:
    for agency, alert in done.anew.items():
        assert (alert["new_evidence"], alert["our_state"], alert["their_state"]) == (["EMAIL"], "new", "new"), agency
    shown = done.network.casebus("alerts", "show", done.apart["ref"], "--agency", NCA)
    assert "new since somebody said that they are different persons: EMAIL" in shown


# --- corrections ---


def test_everybody_who_acted_on_a_mistake_is_told(done: Done) -> None:
    for name, agency in (("affairs", AFFAIRS), ("police", POLICE)):
        ref = done.acted[name]["ref"]
        assert done.network.json("alerts", "show", ref, "--agency", agency)["state"] == "retracted"
        shown = done.network.casebus("alerts", "show", ref, "--agency", agency)
        assert "you resolved it (JOINT_INVESTIGATION) on 2" in shown
        assert "it rested on an identifier that was corrected" in shown
        assert "retracted since: there is nothing left to decide" in shown
        assert not re.search("respond by|ring:", shown)
        listed = done.network.casebus("alerts", "list", "--notices", "--agency", agency)
        assert f"DeconflictionRetracted: alert {ref}: you resolved it" in listed
    retracted = [r for r in done.network.tail(f"casebus.{POLICE}.inbox") if r["type"] == "DeconflictionRetracted"]
    assert done.acted["police"]["conflict_id"] in {r["payload"]["conflict_id"] for r in retracted}
    assert {"CORRECTED"} >= {
        r["payload"]["reason"] for r in retracted if r["payload"]["conflict_id"] == done.acted["police"]["conflict_id"]
    }


# --- why ---


def test_a_pair_is_explained_with_its_values_at_its_own_agency(done: Done, tmp_path: Path) -> None:
    other = tmp_path / "another.json"
    other.write_bytes(synthetic.cybertip_json("900000699", replace(ONE, phone=TWO.phone, name=TWO.name)))
    told = done.network.json("match", "explain", TIP, str(other), "--agency", POLICE)
    assert (told["band"], told["a"]["ref"], told["b"]["ref"]) == ("alert", TIP, "900000699")
    agree = {line["kind"]: line for line in told["agree"]}
    assert agree["EMAIL"]["a"] == agree["EMAIL"]["b"] == [ONE.email]
    differ = {line["kind"]: (line["a"], line["b"]) for line in told["differ"]}
    assert differ["PHONE_E164"] == ([ONE.phone], [TWO.phone])
    assert differ["NAME"] == ([ONE.name], [TWO.name])
    assert all(line["a"] and line["b"] for line in (*told["agree"], *told["differ"]))
    assert told["score"] >= told["thresholds"]["alert"] > told["thresholds"]["review"]
    assert told["frequencies"]["counted_among"] == "own records of this agency"


Write = Callable[[Path], str]
REASONS: dict[str, tuple[str, Write, str]] = {
    "nothing agrees": (
        TIP,
        lambda path: written(path, synthetic.cybertip_json("900000690", synthetic.Person(phone=TWO.phone))),
        "not raised: nothing agrees",
    ),
    "one report": (
        TIP,
        lambda path: written(path, synthetic.cybertip_json(TIP, ONE)),
        "not raised: it is one record",
    ),
    "an address without a time": (
        TIP,
        lambda path: written(path, synthetic.cybertip_json("900000691", replace(TWO, ip=ONE.ip, ip_at="yesterday"))),
        "an IP address without a time",
    ),
    "weak": (
        TIP,
        lambda path: written(path, synthetic.cybertip_json("900000692", synthetic.Person(phone=ONE.phone))),
        "for review only",
    ),
}


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize("what", REASONS)
def test_what_was_not_raised_says_why(done: Done, tmp_path: Path, what: str) -> None:
    own, write, why = REASONS[what]
    told = done.network.json("match", "explain", own, write(tmp_path / "other.json"), "--agency", POLICE)
    assert why in told["why"]


def test_an_explanation_is_on_record_and_names_no_identifier(done: Done, tmp_path: Path) -> None:
    other = tmp_path / "canaryqzx.json"
    other.write_bytes(synthetic.cybertip_json("900000698", TWO))
    ids = {
        done.network.json("match", "explain", TIP, str(other), "--agency", POLICE)[side]["record_id"] for side in "ab"
    }
    done.network.settle()
    read = [r["payload"] for r in done.network.tail(f"casebus.{POLICE}.events") if r["type"] == "DataAccessed"]
    assert set(next(r["references"] for r in reversed(read) if r["resource"] == "match")) == ids


def test_an_alert_between_two_own_records_is_explained_by_its_reference(done: Done) -> None:
    listed = done.network.json("alerts", "list", "--notices", "--review", "--agency", POLICE)["alerts"]
    (alert,) = [a for a in listed if a["own"]["ref"] in (FIRST, SECOND)]
    told = done.network.json("match", "explain", alert["ref"].lower(), "--agency", POLICE)
    assert {told["a"]["ref"], told["b"]["ref"]} == {FIRST, SECOND}
    assert (told["alert"], told["conflict_id"]) == (alert["ref"], alert["conflict_id"])
    assert [TWICE.email] in [line["a"] for line in told["agree"]]


def test_of_an_alert_with_a_partner_the_command_is_named_that_says_all_that_was_told_of_it(done: Done) -> None:
    ref = done.apart["ref"]
    refused = done.network.run("match", "explain", ref, "--agency", NCA, code=4)
    assert f"casebus alerts show {ref} --agency {NCA}" in " ".join(refused.stderr.split())
    shown = done.network.json("alerts", "show", ref, "--agency", NCA)
    assert {"matched", "suppressed", "strength", "score", "detector", "new_evidence"} <= shown.keys()
    assert all(line.keys() == {"kind", "agreement", "rarity"} for line in shown["matched"])
    done.network.run("match", "explain", ref, "--agency", POLICE, code=4)


@pytest.mark.parametrize("argument", ["A", "B"])
def test_what_is_not_found_is_named_by_its_place_and_an_alerts_reference_is_known(done: Done, argument: str) -> None:
    for named, said in (("900009999", "is not found"), (done.apart["ref"], "looks like an alert's reference")):
        records = (named, TIP) if argument == "A" else (TIP, named)
        refused = done.network.run("match", "explain", *records, "--agency", POLICE, code=4).stderr
        assert f"{argument} {said}" in refused


@pytest.mark.parametrize(("named", "code"), [("900009999", 4), ("", 4)])
def test_what_is_no_own_record_is_not_explained(done: Done, named: str, code: int) -> None:
    done.network.run("match", "explain", TIP, named, "--agency", POLICE, code=code)
    done.network.run("match", "explain", TIP, PACKAGE, "--agency", POLICE, code=4)


# --- nobody is merged ---


def test_no_group_leaves_the_hub(done: Done) -> None:
    said = [json.dumps(record) for topic in done.network.topics() for record in done.network.tail(topic)]
    assert len(said) > 50
    assert "group" not in "".join(said).lower()
