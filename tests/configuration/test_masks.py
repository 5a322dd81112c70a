"""A mask tells whether two values are equal, and nothing else."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from deploytasks.config.mask import mask, user_key


def test_a_mask_shows_the_length_and_no_character() -> None:
    shown = str(mask("hunter2hunter2", b"k" * 32))
    assert shown == f"<secret, 14 characters, {mask('hunter2hunter2', b'k' * 32).fingerprint}>"
    assert len(mask("hunter2hunter2", b"k" * 32).fingerprint) == 8


def test_equal_values_have_equal_masks_under_one_key_only() -> None:
    assert mask("a" * 20, b"k" * 32) == mask("a" * 20, b"k" * 32)
    assert mask("a" * 20, b"k" * 32) != mask("b" * 20, b"k" * 32)
    assert mask("a" * 20, b"k" * 32).fingerprint != mask("a" * 20, b"l" * 32).fingerprint


def test_the_key_is_random_kept_and_readable_by_its_user_alone(tmp_path: Path) -> None:
    process = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    key = user_key(process)
    directory = tmp_path / "cache" / "deploytasks"
    assert (len(key), user_key(process)) == (32, key)
    assert [path.name for path in directory.iterdir()] == ["fingerprint.key"]
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "fingerprint.key").stat().st_mode & 0o777 == 0o600
    assert user_key({"XDG_CACHE_HOME": str(tmp_path / "other")}) != key


def test_without_xdg_cache_home_the_key_is_under_the_home_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_key({}) == (tmp_path / ".cache" / "deploytasks" / "fingerprint.key").read_bytes()


def test_runs_that_begin_together_agree_on_one_key(tmp_path: Path) -> None:
    process = {"XDG_CACHE_HOME": str(tmp_path)}
    with multiprocessing.get_context("fork").Pool(8) as pool:
        assert len(set(pool.map(user_key, [process] * 64))) == 1
