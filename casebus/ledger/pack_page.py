"""The pages of an evidence pack that a person reads: how to check it without us, and templates for statements. Pure."""

from collections.abc import Sequence

from casebus.ledger.pack_manifest import Facts, stem

_HAND = r"""## By hand, with openssl and sha256sum

Needed: a POSIX shell, openssl 3, coreutils, xxd, unzip. Unpack the pack into an empty directory and work there.

1. **The files are those of the manifest.** (`manifest.json` itself is signed by nobody: it is a table of contents.)

```sh
grep -E '"(sha256|[a-zA-Z/0-9.-]+)": ("[0-9a-f]{64}"|\{)' manifest.json
sha256sum checkpoint ledger.vkey leaves/* records/*
```

2. **The checkpoint is signed by the log's key.** Compare `ledger.vkey` with the key that you had before, from somewhere
   else: a pack that brought its own key would prove nothing. A signed note is a text, an empty line, and signature lines:
   an em dash, the key's name, and base64 of a 4-byte key id and the 64-byte Ed25519 signature of the text.

```sh
name=$(cut -d+ -f1 ledger.vkey)
head -n 3 checkpoint > text
sed -n "s|^— $name ||p" checkpoint | head -n 1 | base64 -d | tail -c 64 > signature
{ printf '302a300506032b6570032100' | xxd -r -p; cut -d+ -f3- ledger.vkey | base64 -d | tail -c 32; } > key.der
openssl pkeyutl -verify -pubin -inkey key.der -keyform DER -rawin -in text -sigfile signature
```

3. **The record is the one that the leaf names.** The last 32 bytes of a leaf are SHA-256 over the line
   `casebus/record/v1` and the record's bytes (for a marker the line is `casebus/marker/v1`).

```sh
tail -c 32 leaves/@N@.leaf | xxd -p -c 64
{ printf 'casebus/record/v1\n'; cat records/@N@.record; } | sha256sum
```

4. **The leaf is in the tree.** RFC 6962: a leaf's hash is SHA-256 over a zero byte and the leaf, a node's over a one
   byte and its two children. The proof's lines are the siblings on the way up; the last line printed must be the third
   line of the checkpoint.

```sh
hash() { xxd -r -p | sha256sum | cut -d' ' -f1; }
proof=leaves/@N@.tlog-proof
fn=$(sed -n 's/^index //p' $proof); sn=$(($(sed -n 2p checkpoint) - 1))
r=$({ printf '00'; xxd -p -c 256 leaves/@N@.leaf; } | hash)
for line in $(sed -e '/^$/,$d' -e '1,/^index /d' $proof); do
  p=$(printf %s "$line" | base64 -d | xxd -p -c 64)
  if [ $((fn % 2)) = 1 ] || [ "$fn" = "$sn" ]; then
    r=$(printf '01%s%s' "$p" "$r" | hash)
    while [ $((fn % 2)) = 0 ] && [ "$fn" != 0 ]; do fn=$((fn / 2)); sn=$((sn / 2)); done
  else
    r=$(printf '01%s%s' "$r" "$p" | hash)
  fi
  fn=$((fn / 2)); sn=$((sn / 2))
done
test "$sn" = 0 && printf %s "$r" | xxd -r -p | base64
sed -n 3p checkpoint
```
"""

_PROGRAMS = """## With programs that strangers wrote

**aics-tlog** (Python, from PyPI) checks the checkpoint's signature and each proof. For entry @INDEX@:

```sh
aics-tlog verify-checkpoint --note checkpoint --vkey-file ledger.vkey
sed -e '1,/^index /d' -e '/^$/,$d' leaves/@N@.tlog-proof > hashes
aics-tlog verify-inclusion --leaf leaves/@N@.leaf --index @INDEX@ --size @SIZE@ --root '@ROOT@' --proof hashes
```

**golang.org/x/mod/sumdb** (the Go team's packages): `note.Open` opens the checkpoint under a `note.NewVerifier` of the key,
`tlog.CheckRecord` checks a proof for `tlog.RecordHash` of a leaf. A program of 50 lines around them stands in casebus's
`docs/verify.md`.

**casebus** itself, on any machine, in an empty directory: `casebus ledger check-pack PACK.zip --key VKEY --policy POLICY`.
"""

_STEPS = """## The checks of `casebus ledger check-pack`, and what each one shows

| Step | Name | What it shows |
|---|---|---|
| 1 | zip_form | the file holds exactly its files, and no program can read another content out of it |
| 2 | manifest | every file is listed with its size and SHA-256, and every listed file is there |
| 3 | checkpoint_format | the checkpoint is a signed note of three lines: the log's name, its size, its root |
| 4 | checkpoint_signature | the key that **you** gave signed it; the pack's own copy of the key is only compared |
| 5 | witnesses | which witnesses of **your** policy cosigned it, and when; without a policy: nothing |
| 6 | proofs | each leaf is in the tree under that checkpoint, at its index |
| 7 | records | the bytes in the pack are those that the leaf names, and canonical |
| 8 | signatures | each record bears the signature of the agency that owns its topic (or the pack says that it does not) |
| 9 | decoded | each JSON file says what the bytes say |
| 10 | schemas | the schemas in the pack are those by which the records were written |
| 11 | selection | each record names what was asked for |
| 12 | statement | the manifest states nothing that the steps above do not show, but for what it says it cannot show |
"""

_TEMPLATES = """# Statement templates

These are **templates**: drafts for a person who has done what they say, to be completed, corrected and signed by that
person on legal advice. They are not statements by anybody, and casebus gives none.

## United States: Federal Rules of Evidence 902(13) and 902(14)

> I, [name], [position, organisation], am a qualified person within the meaning of Rule 902(11). The records at entries
> [@N@ …] were generated by an electronic process, the append-only log `@ORIGIN@`, that produces an accurate result:
> [describe the process and why; 902(13)]. The copies in this pack were identified by a process of digital
> identification: each record's SHA-256 hash equals the one in the log's entry, and each entry is in the Merkle tree of
> @SIZE@ entries with root `@ROOT@` [902(14)]. I verified this on [date] with [programs and versions].
> I certify under penalty of perjury that the foregoing is true and correct. [place, date, signature]

## England and Wales: Criminal Justice Act 1967 section 9

> This statement (consisting of [n] pages, each signed by me) is true to the best of my knowledge and belief and I make it
> knowing that, if it is tendered in evidence, I shall be liable to prosecution if I have wilfully stated in it anything
> which I know to be false, or do not believe to be true. I am [name], [position]. On [date] I verified the evidence pack
> [file name, SHA-256] with [programs and versions]. The records that it holds are in the log `@ORIGIN@` at size @SIZE@
> with root `@ROOT@`, as its checkpoint states. I produce the pack as [exhibit]. [signature, date]
"""


def verify_page(facts: Facts, statement: Sequence[str], not_shown: Sequence[str]) -> bytes:
    """Return VERIFY.md: what the pack states, what it cannot show, and how to check it without casebus."""
    stated = "".join(f"- {line}\n" for line in statement)
    missing = "".join(f"- {line}\n" for line in not_shown)
    parts = (
        "# How to verify this evidence pack\n",
        "Everything below is checked from the files of this pack, the log's public key and, for the witnesses, a policy. "
        "Take both\nfrom somewhere else than this pack. Read the commands before you run them.\n",
        f"## What it states\n\n{stated}",
        f"## What it cannot show\n\n{missing}",
        _STEPS,
        _filled(_HAND, facts),
        _filled(_PROGRAMS, facts),
    )
    return "\n".join(parts).encode()


def statement_templates(facts: Facts) -> bytes:
    """Return STATEMENTS.md: templates, and marked as such."""
    return _filled(_TEMPLATES, facts).encode()


def _filled(text: str, facts: Facts) -> str:
    first = stem(facts.records[0].index)
    index = str(facts.records[0].index)
    filled = text.replace("@N@", first).replace("@INDEX@", index).replace("@ORIGIN@", facts.origin)
    return filled.replace("@SIZE@", str(facts.size)).replace("@ROOT@", facts.root)
