"""`web[01-40]`: written out as it is meant, put together so that writing it out gives the same names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytasks.config.ranges import folded, written_out


@pytest.mark.parametrize(
    ("word", "names"),
    [
        pytest.param("web[1-3]", ["web1", "web2", "web3"], id="a range"),
        pytest.param("web[08-10].x", ["web08.x", "web09.x", "web10.x"], id="zeros before"),
        pytest.param(
            "deploy@web[1,3-4]:22", ["deploy@web1:22", "deploy@web3:22", "deploy@web4:22"], id="a list"
        ),
        pytest.param("r[1-2]n[1-2]", ["r1n1", "r1n2", "r2n1", "r2n2"], id="two ranges"),
        pytest.param("user@[::1]:22", ["user@[::1]:22"], id="an address in brackets"),
        pytest.param("[2001]", ["2001"], id="one number"),
        pytest.param("plain", ["plain"], id="none"),
    ],
)
def test_a_word_stands_for_names(word: str, names: list[str]) -> None:
    assert written_out(word) == names


@pytest.mark.parametrize("word", ["web[3-1]", "web[1-999999999]", "a[1-1000]b[1-1000]"])
def test_what_nobody_means_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"ends before|more than"):
        written_out(word)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        pytest.param([f"web{n}.x" for n in range(1, 65)], ["web[1-64].x"], id="64 in a row"),
        pytest.param(["web1", "web2", "web5", "db"], ["web[1-2,5]", "db"], id="gaps, and another"),
        pytest.param(["web08", "web09", "web10"], ["web[08-10]"], id="zeros before"),
        pytest.param(["web1", "web01"], ["web1", "web01"], id="two names of one number"),
        pytest.param(["a1b1", "a1b2"], ["a1b[1-2]"], id="the number that differs"),
        pytest.param(["one"], ["one"], id="a single one"),
        pytest.param([], [], id="none"),
    ],
)
def test_names_that_share_a_pattern_are_one_word(names: list[str], words: list[str]) -> None:
    assert folded(names) == words


@given(
    st.lists(st.from_regex(r"[ab]{0,2}[0-9]{1,3}[c.]?[0-9]{0,2}", fullmatch=True), unique=True, max_size=30)
)
def test_written_out_again_they_are_the_same_names(names: list[str]) -> None:
    assert sorted(name for word in folded(names) for name in written_out(word)) == sorted(names)
