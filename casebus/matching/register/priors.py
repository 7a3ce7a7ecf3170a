"""The model `casebus-register-3`: how often each level occurs in two records of one person, or of one household.

Judged, not measured, in the order of `reference/matching.md` §5, before any set was looked at; a register's own pairs then
move them (`calibrate`), the more of them there are. They are worth `STRENGTH` pairs. A change is a new `MODEL`.
"""

MODEL = "casebus-register-3"
STRENGTH = 40.0
RELIABILITY_STRENGTH = 30.0
BUCKET_STRENGTH = 4.0

MATCH: dict[str, dict[int, float]] = {
    "given": {0: 0.03, 1: 0.01, 2: 0.02, 3: 0.04, 4: 0.08, 5: 0.74, 6: 0.02, 7: 0.01, 12: 0.01, 13: 0.02, 14: 0.02},
    "surname": {0: 0.05, 1: 0.005, 2: 0.015, 3: 0.04, 4: 0.08, 5: 0.755, 6: 0.02, 12: 0.005, 13: 0.01, 14: 0.02},
    "middle": {0: 0.12, 1: 0.18, 2: 0.15, 3: 0.55},
    "generation": {0: 0.03, 1: 0.97},
    "born": {0: 0.03, 1: 0.01, 2: 0.03, 3: 0.04, 4: 0.07, 5: 0.06, 6: 0.02, 7: 0.74},
    "sex": {0: 0.02, 1: 0.98},
    "national": {0: 0.02, 1: 0.07, 2: 0.91},
    "email": {0: 0.30, 1: 0.03, 2: 0.07, 3: 0.05, 4: 0.55},
    "phone": {0: 0.35, 1: 0.05, 2: 0.60},
    "device": {0: 0.45, 2: 0.55},
    "wallet": {0: 0.50, 2: 0.50},
    "bank": {0: 0.45, 2: 0.55},
    "account": {0: 0.30, 2: 0.70},
    "screen": {0: 0.30, 1: 0.25, 2: 0.05, 3: 0.10, 4: 0.30},
    "handle": {1: 0.20, 2: 0.10},
    "ip": {1: 0.30},
    "address": {0: 0.15, 1: 0.03, 2: 0.05, 3: 0.12, 4: 0.65},
    "postcode": {0: 0.10, 1: 0.05, 2: 0.07, 3: 0.78},
    "suburb": {0: 0.10, 2: 0.04, 3: 0.08, 4: 0.78},
    "city": {0: 0.10, 2: 0.03, 3: 0.07, 4: 0.80},
    "region": {0: 0.07, 1: 0.93},
    "birthplace": {0: 0.15, 2: 0.05, 3: 0.10, 4: 0.70},
    "occupation": {0: 0.25, 2: 0.05, 3: 0.05, 4: 0.65},
}
"""P(level | two records of one person that both have the field). 12 to 14: as 2 to 4, where both are names of their own."""

HOUSEHOLD: dict[str, dict[int, float]] = {
    "surname": {0: 0.15, 1: 0.01, 2: 0.005, 3: 0.02, 4: 0.06, 5: 0.72, 6: 0.01, 12: 0.005, 13: 0.01, 14: 0.01},
    "email": {0: 0.86, 1: 0.02, 2: 0.01, 3: 0.01, 4: 0.10},
    "phone": {0: 0.70, 1: 0.02, 2: 0.28},
    "ip": {1: 0.50},
    "address": {0: 0.05, 1: 0.03, 2: 0.02, 3: 0.15, 4: 0.75},
    "postcode": {0: 0.03, 1: 0.02, 2: 0.05, 3: 0.90},
    "suburb": {0: 0.03, 2: 0.02, 3: 0.05, 4: 0.90},
    "city": {0: 0.02, 2: 0.02, 3: 0.05, 4: 0.91},
    "region": {0: 0.01, 1: 0.99},
    "birthplace": {0: 0.50, 2: 0.02, 3: 0.03, 4: 0.45},
}
"""P(level | two people of one household). In all other fields they are strangers to each other, but for twins."""

BOUNDS: tuple[tuple[str, tuple[int, ...], float], ...] = (
    ("given", (0, 1, 2, 7, 12), 0.35),
    ("given", (0, 7), 0.20),
    ("surname", (0, 1, 2, 12), 0.30),
    ("surname", (0,), 0.20),
    ("born", (0, 1, 2, 3), 0.40),
    ("born", (0, 1), 0.20),
    ("middle", (0,), 0.40),
    ("generation", (0,), 0.03),
    ("sex", (0,), 0.10),
    ("national", (0,), 0.30),
    ("address", (0,), 0.60),
)
"""Field, levels, and at most how large a share of one person's pairs is at them: else the pairs are not one person's.

A register without duplicates would otherwise teach the model that namesakes or a household are one person.
"""

IN_HOUSEHOLDS: tuple[tuple[str, tuple[int, ...], float], ...] = (
    ("born", (5, 6, 7), 0.10),
    ("given", (3, 4, 5, 6, 13, 14), 0.15),
)
"""The same for pairs of one household: twins and namesakes are at most so many, else they are one person."""

LEAST_HOUSEHOLDS = 0.02
"""Pairs of one household are at least so many times as frequent as pairs of one person: a register has families in it."""

LEAST_SAME_DAY = 0.20
"""In a register with dates of birth at least so many of one person's pairs have the same one, or the model has strayed."""

TWINS = 0.01
"""At least so many pairs of one household have one date of birth."""

NAMESAKES = 0.01
"""At least so many pairs of one household have one given name: father and son."""

EXCLUSIVE: dict[tuple[str, int], float] = {
    ("national", 2): 0.97,
    ("email", 4): 0.95,
    ("email", 3): 0.50,
    ("phone", 2): 0.85,
    ("device", 2): 0.92,
    ("wallet", 2): 0.92,
    ("bank", 2): 0.88,
    ("account", 2): 0.97,
    ("screen", 4): 0.92,
    ("screen", 3): 0.50,
    ("handle", 1): 0.50,
    ("handle", 2): 0.25,
    ("ip", 1): 0.25,
}
"""P(one person | two records, and no third, hold this value at this exact level). It falls as more records hold it."""

STRANGERS: dict[str, dict[int, float]] = {"handle": {1: 1e-5, 2: 1e-5}, "ip": {1: 1e-4}, "generation": {0: 0.5, 1: 0.5}}
"""P(level | strangers), where a random sample of a register cannot show it."""

RELIABILITY = {"given": (0, 7), "surname": (0,), "born": (0, 1)}
"""Fields that some kinds of report make up: P(differs | one person) is estimated per pair of kinds.

The levels are those at which the field differs."""

UNRELIABLE = {"given": {0: 0.04, 7: 0.20}, "surname": {0: 0.08}, "born": {0: 0.18, 1: 0.02}}
"""P(differs | one person) to start from in a register of reports (one that names their kinds): some are made up."""
