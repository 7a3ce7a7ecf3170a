"""Cryptocurrency wallets: one form for all ways to write an address. The chain is read from the address itself.

What stands before an address (`bitcoin:`, `ETH `) is left off and not believed: people name the coin that they were paid
in, and one 0x address serves every chain that is made like Ethereum. Check digits are not checked: a slip of the pen
meets nothing, and that is all it does.
"""

import re

from casebus.intake.bank import is_bank_account, is_card
from casebus.matching.normal.text import DropReason, Parts, clean, counts_up_or_down, stands_for_nothing

MAX_LENGTH = 300

_SCHEME = re.compile(
    r"\A(?:bitcoin(?: ?cash)?|btc|bch|ethereum|eth|litecoin|ltc|monero|xmr|tron|trx|solana|sol|dogecoin|doge|dash|zcash|zec"
    r"|ripple|xrp|cardano|ada|stellar|xlm|tether|usdt|usdc|bnb|bsc|polygon|ton|wallet|address)"
    r"(?: ?(?:wallet|address))*(?:\s*[:=]\s*(?://)?|\s+)(?:pay-)?",
    re.IGNORECASE,
)
_AFTER = re.compile(r"[?@/#&].*", re.DOTALL)  # an amount, a chain's number, a function: BIP 21, EIP-681
_58 = "[1-9A-HJ-NP-Za-km-z]"
_32 = "[02-9ac-hj-np-z]"
_ETHEREUM = re.compile(r"0[xX][0-9a-fA-F]{40}")
_BECH32 = re.compile(rf"(?P<chain>[a-z]{{1,12}})1{_32}{{38,110}}")
_CHAINS = {"bc": "btc", "tb": "btc-test", "addr": "ada"}
# In this order, because Bitcoin's shape fits within Solana's. Litecoin once wrote what Bitcoin writes (3...): one key.
_CASE_COUNTS = tuple(
    (chain, re.compile(shape))
    for chain, shape in (
        ("btc", f"[13]{_58}{{24,34}}"),
        ("ltc", f"[LM]{_58}{{26,33}}"),
        ("xmr", f"[48]{_58}{{94}}(?:{_58}{{11}})?"),
        ("trx", f"T{_58}{{33}}"),
        ("doge", f"D{_58}{{32,33}}"),
        ("dash", f"X{_58}{{33}}"),
        ("zec", f"t[13]{_58}{{33}}"),
        ("xrp", f"r{_58}{{24,34}}"),
        ("bch", f"[qp]{_32}{{41}}"),
        ("xlm", "G[A-Z2-7]{55}"),
        ("ton", "(?:EQ|UQ)[A-Za-z0-9_-]{46}"),
        ("sol", f"{_58}{{42,44}}"),
    )
)
_ZEROS = "0" * 20
# Addresses that belong to nobody, to everybody or to an exchange, and those of manuals. Deposit addresses of one customer
# are not here: they are that customer's.
_NOBODYS = frozenset(
    [
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",  # Bitcoin's first block
        "1BitcoinEaterAddressDontSendf59kuE",
        "1CounterpartyXXXXXXXXXXXXXXXUWLpVr",
        "1111111111111111111114oLvT2",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",  # of manuals, like the next three
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo",  # of an exchange, like the next two
        "1NDyJtNTjmwk5xPNhjgAMu4HDHigtobu1s",
        "0x28c6c06298d514db089934071355e5743bf21d60",
        "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48",  # contracts, pasted for a wallet
        "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2",
        "0xdac17f958d2ee523a2206206994597c13d831ec7",
    ]
)


def wallet(text: str) -> Parts | DropReason:
    """Return (chain, address). Case counts in base58 and is kept; bech32 and 0x addresses are in lower case."""
    cleaned = clean(text, MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return cleaned
    bare = _AFTER.sub("", _SCHEME.sub("", cleaned, count=1)).replace(" ", "")
    if is_bank_account(cleaned) or is_bank_account(bare) or is_card(bare):
        return DropReason.BANK_ACCOUNT
    if (found := _placed(bare)) is None:
        return DropReason.PLACEHOLDER if stands_for_nothing(bare.lower()) else DropReason.NOT_A_WALLET
    return DropReason.PLACEHOLDER if _is_nobodys(found[1]) else found


def _placed(bare: str) -> Parts | None:
    """Return an address with the chain that its shape shows."""
    if _ETHEREUM.fullmatch(bare):
        return ("eth", bare.lower())
    # BIP 173: one case throughout. In mixed case it is something else.
    if (bare.islower() or bare.isupper()) and (found := _BECH32.fullmatch(bare.lower())):
        return (_CHAINS.get(found["chain"], found["chain"]), bare.lower())
    return next(((chain, bare) for chain, shape in _CASE_COUNTS if shape.fullmatch(bare)), None)


def _is_nobodys(address: str) -> bool:
    body = address.removeprefix("0x")
    typed = _ZEROS in body or len(set(body)) <= 2 or counts_up_or_down(body[:16])
    return typed or address in _NOBODYS
