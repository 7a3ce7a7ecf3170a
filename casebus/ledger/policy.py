"""Whose word is needed to trust a checkpoint (c2sp.org/tlog-policy).

    log <vkey> [url]
    witness <name> <vkey> [url]
    group <name> all|any|<k> <member>...
    quorum <name>|none

A definition precedes its use, a member is in at most one group, and there is exactly one quorum line.
"""

from collections.abc import Set
from dataclasses import dataclass, field

from casebus.errors import VerificationFailed
from casebus.ledger.vkey import KeyType, VerifierKey, parse_vkey

MAX_POLICY_BYTES = 65_536
NO_QUORUM = "none"


@dataclass(frozen=True, slots=True)
class Group:
    """At least `needed` of the members."""

    needed: int
    members: tuple[str, ...]


@dataclass(slots=True)
class Policy:
    """A parsed policy. `groups` keeps the order of definition, so every member is known before the group."""

    logs: list[VerifierKey] = field(default_factory=list)
    witnesses: dict[str, VerifierKey] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = ""

    @property
    def needs_witnesses(self) -> bool:
        """Tell whether the policy asks for any witness."""
        return self.quorum != NO_QUORUM

    def is_met_by(self, cosigned: Set[str]) -> bool:
        """Tell whether these witnesses, by their names in the policy, are a quorum."""
        met = set(cosigned) & set(self.witnesses)
        for name, group in self.groups.items():
            if len(met.intersection(group.members)) >= group.needed:
                met.add(name)
        return self.needs_witnesses and self.quorum in met


def parse_policy(text: str) -> Policy:
    """Read a policy.

    Raises:
        VerificationFailed: an unknown or malformed line, a name defined twice or used before its definition, a member
            of two groups, a public key given twice, no quorum line or two.
    """
    if len(text.encode(errors="surrogatepass")) > MAX_POLICY_BYTES:
        raise VerificationFailed(f"a policy is longer than {MAX_POLICY_BYTES} bytes.")
    policy = Policy()
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            _add_line(policy, words[0], words[1:])
        except VerificationFailed as error:
            raise VerificationFailed(f"policy line {number}: {error.what}") from error
    if not policy.quorum or not policy.logs:
        raise VerificationFailed("a policy needs a log line and exactly one quorum line.")
    return policy


def _add_line(policy: Policy, keyword: str, words: list[str]) -> None:
    match keyword, words:
        case "log", [vkey] | [vkey, _]:
            policy.logs.append(_new_key(policy, vkey, KeyType.ED25519))
        case "witness", [name, vkey] | [name, vkey, _]:
            policy.witnesses[_new_name(policy, name)] = _new_key(policy, vkey, KeyType.COSIGNATURE)
        case "group", [name, needed, *members] if members:
            policy.groups[_new_name(policy, name)] = _group(policy, needed, members)
        case "quorum", [name] if not policy.quorum:
            if name != NO_QUORUM:
                _check_defined(policy, name)
            policy.quorum = name
        case _:
            raise VerificationFailed("not a log, witness, group or quorum line, or a second quorum line.")


def _new_key(policy: Policy, vkey: str, type_: KeyType) -> VerifierKey:
    key = parse_vkey(vkey)
    if key.type is not type_:
        raise VerificationFailed("a log's key is of type 01, a witness's of type 04.")
    if any(key.public_key == known.public_key for known in (*policy.logs, *policy.witnesses.values())):
        raise VerificationFailed("a public key is given twice.")
    return key


def _new_name(policy: Policy, name: str) -> str:
    if name == NO_QUORUM or name in policy.witnesses or name in policy.groups:
        raise VerificationFailed("a name is defined twice, or is reserved.")
    return name


def _check_defined(policy: Policy, name: str) -> None:
    if name not in policy.witnesses and name not in policy.groups:
        raise VerificationFailed("a name is used before it is defined.")


def _group(policy: Policy, needed: str, members: list[str]) -> Group:
    grouped = {member for group in policy.groups.values() for member in group.members}
    for member in members:
        _check_defined(policy, member)
        if member in grouped:
            raise VerificationFailed("a member is in two groups, or twice in one.")
        grouped.add(member)
    words = {"all": len(members), "any": 1}
    count = words.get(needed, 0)
    if needed.isascii() and needed.isdigit() and len(needed) < 6:
        count = int(needed)
    if not 1 <= count <= len(members) or (needed not in words and str(count) != needed):
        raise VerificationFailed("a group needs all, any, or a number between 1 and its members.")
    return Group(count, tuple(members))
