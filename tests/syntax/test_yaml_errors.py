"""YAML that is broken, in plain words."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st

from tests.syntax.samples import complaint

yamlish = st.text(st.sampled_from(list(":-{}[],&*#?|>!%@`'\"\\\n\t ab1<~")), max_size=40)


@settings(deadline=None)
@given(yamlish)
def test_any_punctuation_in_plain_words(text):
    said = complaint(text).partition("\n")[0]
    assert not any(word in said for word in ("<block", "<stream", "<scalar", "yaml.org", "token", "node content", "not YAML"))
