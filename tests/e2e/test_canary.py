"""What an agency hands in stays at that agency: a canary in every field is found nowhere else, in no form."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from canaries import FORMATS, documents, heard
from conftest import AGENCIES, Network, new_network, stop

from casebus.layout import HUB
from casebus.testing import story, synthetic

SHARED = synthetic.Person(service="ExampleChat", account_id="u-shared-0001", email="shared.one@example.org")
"""What two agencies hold, so that the canaries' agency has alerts, and its partner hears of them."""


@dataclass(frozen=True)
class Sung:
    """A network through which one agency's canaries went."""

    agency: str
    network: Network
    said: bytes

    def elsewhere(self) -> Iterator[Path]:
        own = self.network.layout.role(self.agency).directory
        return (p for p in self.network.root.rglob("*") if p.is_file() and not p.is_relative_to(own))


def shared_document(agency: str) -> bytes:
    one = replace(SHARED, name="Canaryqzx Qzxyrana", date_of_birth="1931-07-16", phone="+64 20 7316 4850")
    if agency == "nz-police":
        return synthetic.cybertip_json("731648509270", one, additional=("canaryqzx",))
    if agency == "uk-nca":
        return synthetic.nca_package("NCA-7316-4851", one)
    return synthetic.dia_referral("DIA-7316-48510", one)


def partner_document(agency: str) -> tuple[str, str, bytes]:
    if agency == story.NCA:
        return story.POLICE, "tip.json", synthetic.cybertip_json("900000401", SHARED)
    return story.NCA, "package.json", synthetic.nca_package("NCA-2026-000401", SHARED)


@pytest.fixture(scope="module", params=AGENCIES)
def sung(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sung:
    agency: str = request.param
    directory = tmp_path_factory.mktemp("canary")
    network, output = new_network(directory / "bus"), directory / "said"
    network.put(*partner_document(agency))
    network.put(agency, "canaryqzx.json", shared_document(agency))
    for number, content in enumerate(documents(agency)):
        network.put(agency, f"Canaryqzx 731648509277-{number:03d}", content)
    (network.layout.role(agency).spool / "in" / "canaryqzx-link").symlink_to("canaryqzx")
    running = network.start(output)
    try:
        network.rest(running, left_in=1)  # the link
        said = read_everything(network, agency)
        sung = Sung(agency, network, said)
        assert_silent_elsewhere(sung)  # while write-ahead logs are there
    finally:
        assert stop(running) == 0
    return replace(sung, said=said + output.read_bytes())


def read_everything(network: Network, agency: str) -> bytes:
    """Read by the command line all that anybody may read, and decide once; return all that was said."""
    officer = ("--officer", "canaryqzx.officer")
    alert = next(a for a in network.alerts(agency) if a["partner"] not in (agency, None) and a["state"] == "open")
    decision = ("--outcome", "DELAYED", "--note", "canaryqzx: a note of 731648509277", *officer)
    done = [network.run("alerts", "resolve", alert["ref"], "--agency", agency, *decision)]
    ask = ("--basis", "case", "--wait", "0", "--email", "canaryqzx@qzxyrana.example", "--phone", "+64 20 7316 4850")
    own = ("--agency", agency, *officer)
    done.append(network.run("deconflict", "check", *own, *ask))
    done.append(network.run("match", "explain", alert["own"]["ref"], alert["own"]["ref"], *own))
    own_errors = [run.stderr for run in done]
    hub = network.layout.role(HUB)
    commands = [
        ("status",),
        ("status", "--json"),
        ("parked", "list", "--json"),
        ("ledger", "replay", str(hub.ledger), "--jsonl"),
        ("log", "search", "--jsonl", *officer),
        ("ledger", "verify", str(hub.ledger), "--key", str(hub.ledger_vkey), "--json"),
        *(("log", "tail", topic) for topic in network.topics()),
        *(("alerts", "list", "--notices", "--json", "--agency", other) for other in AGENCIES if other != agency),
    ]
    runs = [network.run(*command) for command in commands]
    return "".join([*own_errors, *(run.stdout + run.stderr for run in runs)]).encode()


def assert_silent_elsewhere(sung: Sung) -> None:
    singing = {str(path.relative_to(sung.network.root)): heard(path.read_bytes()) for path in sung.elsewhere()}
    assert not {path: found for path, found in singing.items() if found}


def test_no_file_outside_its_agency_has_the_canary(sung: Sung) -> None:
    files = {str(path.relative_to(sung.network.root)) for path in sung.elsewhere()}
    assert {"supervisor.jsonl", f"bus/casebus.{sung.agency}.events.sqlite", "hub/state.sqlite"} <= files
    assert_silent_elsewhere(sung)
    assert not [name for name in files if heard(name.encode())]


def test_no_process_said_it(sung: Sung) -> None:
    assert len(sung.said) > 10_000
    assert heard(sung.said) == []


def test_not_even_the_agencys_own_log_has_it(sung: Sung) -> None:
    log = sung.network.layout.role(sung.agency).log.read_bytes()
    assert log.count(b"document_taken") > 10
    assert heard(log) == []


def test_the_canaries_were_taken_and_refused_and_are_kept_where_they_belong(sung: Sung) -> None:
    spool = sung.network.layout.role(sung.agency).spool
    count = {folder: len(list((spool / folder).glob("*.report.json"))) for folder in ("done", "refused")}
    assert count["done"] > 3 * len(FORMATS[sung.agency])
    assert count["refused"] > 3 * len(FORMATS[sung.agency])
    assert heard(sung.network.layout.role(sung.agency).state.read_bytes())
    assert any(heard(path.read_bytes()) for path in (spool / "done").iterdir())


@pytest.mark.parametrize("prefix", [b"", b"1", b"12"])
def test_a_canary_would_be_heard(prefix: bytes) -> None:
    for text in (b"Canaryqzx", b"731648509277"):
        whole = prefix + text + b" and more"
        for form in (whole, whole.hex().encode(), base64.b64encode(whole), whole.decode().encode("utf-16-le")):
            assert heard(b"before" + form), form
    assert heard(b"an ordinary record") == []
