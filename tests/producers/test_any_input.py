"""Whatever bytes come, an adapter returns drafts or refuses: it never fails in another way."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import ADAPTERS, SAMPLES, sample, translate

from casebus.errors import DocumentRefused
from casebus.intake.adapter import Adapter

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["true", "2025-01-01", "|"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
JSON_SAMPLES = [name for name in SAMPLES if name.endswith(".json")]
TEXT_SAMPLES = [name for name in SAMPLES if not name.endswith(".json")]


def is_accepted_or_refused(adapter: Adapter, content: bytes) -> bool:
    try:
        return isinstance(translate(adapter, content), list)
    except DocumentRefused as refused:
        return bool(refused.what)


def paths(node: object, path: tuple = ()) -> list[tuple]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for key, child in items for found in [(*path, key), *paths(child, (*path, key))]]


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
@settings(max_examples=100)
def test_any_bytes_are_accepted_or_refused(content):
    assert all(is_accepted_or_refused(adapter, content) for adapter in ADAPTERS)


@pytest.mark.parametrize("name", JSON_SAMPLES)
@given(data=st.data(), value=ANY_JSON)
@settings(max_examples=60)
def test_any_value_anywhere_in_a_json_document_is_accepted_or_refused(name, data, value):
    document = json.loads(sample(name))
    path = data.draw(st.sampled_from(paths(document)))
    at = document
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    assert is_accepted_or_refused(SAMPLES[name], json.dumps(document).encode())


@pytest.mark.parametrize("name", TEXT_SAMPLES)
@given(
    data=st.data(), text=st.text(max_size=20) | st.sampled_from(["<a>", "</report>", '"', ",", "\n", "&", "]]>", "|"])
)
@settings(max_examples=60)
def test_a_document_that_was_cut_and_pasted_is_accepted_or_refused(name, data, text):
    content = sample(name).decode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    spliced = content[:start] + text + content[end:]
    assert is_accepted_or_refused(SAMPLES[name], spliced.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_truncation_is_accepted_or_refused(name):
    content = sample(name)
    assert all(is_accepted_or_refused(SAMPLES[name], content[:length]) for length in range(0, len(content), 37))
