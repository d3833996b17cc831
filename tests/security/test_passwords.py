"""Passwords: Argon2id, and the same work for unknown users."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from restkit.security import Passwords

quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Counting(PasswordHasher):
    """Counts what it is asked to verify."""

    verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        type(self).verified += 1
        return super().verify(hash, password)


def test_a_password_belongs_to_its_hash() -> None:
    passwords = Passwords(quick)
    made = passwords.hash("correct horse")
    assert made.startswith("$argon2id$")
    assert made != passwords.hash("correct horse")
    assert passwords.verify("correct horse", made)
    assert not passwords.verify("correct horsf", made)
    assert not passwords.verify("", made)


def test_one_text_in_two_spellings_of_unicode_is_one_password() -> None:
    passwords = Passwords(quick)
    assert passwords.verify("cafe\u0301", passwords.hash("caf\u00e9"))


@pytest.mark.parametrize("known", [None, "", "not a hash", "pbkdf2:sha256:1$a$b"])
def test_unknown_users_and_other_hashes_have_no_password(known: str | None) -> None:
    passwords = Passwords(quick)
    assert not passwords.verify("the password of nobody", known)
    assert not passwords.verify("", known)


def test_an_unknown_user_costs_what_a_wrong_password_costs() -> None:
    passwords = Passwords(Counting(time_cost=1, memory_cost=8, parallelism=1))
    made = passwords.hash("right")
    Counting.verified = 0
    passwords.verify("wrong", made)
    assert Counting.verified == 1
    passwords.verify("wrong", None)
    assert Counting.verified == 2
    passwords.verify("x" * 5000, made)
    assert Counting.verified == 3


@pytest.mark.parametrize("password", ["", "x" * 1025, "\ud800"])
def test_what_is_no_password_is_not_hashed(password: str) -> None:
    with pytest.raises(ValueError, match="a password has 1 to 1024 characters of Unicode text"):
        Passwords(quick).hash(password)
    assert not Passwords(quick).verify(password, Passwords(quick).hash("no password"))


def test_the_longest_password() -> None:
    passwords = Passwords(quick)
    assert passwords.verify("x" * 1024, passwords.hash("x" * 1024))


def test_hashes_of_other_parameters_are_to_be_made_again() -> None:
    made = Passwords(quick).hash("p")
    assert not Passwords(quick).needs_rehash(made)
    assert Passwords().needs_rehash(made)
    assert Passwords().verify("p", made)
