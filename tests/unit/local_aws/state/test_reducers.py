"""What pickle alone writes wrongly, or not at all, comes back as it was."""

import threading
import weakref
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local_aws.state.pickles import dump, load


class Dictionary(defaultdict[str, list[str]]):
    """As moto's dictionary of parameters: made with other arguments than defaultdict's."""

    def __init__(self, account: str, region: str) -> None:
        super().__init__(list)
        self.place = (account, region)


def back(value: Any) -> Any:
    pickled = dump(value, {})
    return load(pickled.data, pickled.large.__getitem__)


def test_a_default_dictionary_with_a_constructor_of_its_own() -> None:
    made = Dictionary("123456789012", "us-east-1")
    made["a"].append("b")
    kept = back({"twice": [made, made]})["twice"]
    assert (kept[0], kept[0].place) == ({"a": ["b"]}, ("123456789012", "us-east-1"))
    assert kept[0] is kept[1]
    assert kept[0]["new"] == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
        lambda: ec.generate_private_key(ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.generate,
    ],
)
def test_a_key_and_its_public_half(make: Callable[[], Any]) -> None:
    key = make()
    private, public = back([key, key.public_key()])
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    expected = key.public_key().public_bytes(*form)
    assert private.public_key().public_bytes(*form) == expected
    assert public.public_bytes(*form) == expected


def test_a_certificate() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime(2030, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2031, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    assert back(certificate) == certificate


def test_functions_within_functions_and_bound_methods() -> None:
    def inner(number: int) -> int:
        return number + 1

    kept = back({"inner": inner, "method": [1, 2].count, "bound": Dictionary("1", "2").copy})
    assert (kept["inner"](1), kept["method"](2)) == (2, 1)
    assert kept["bound"]() == {}


class Child:
    def __init__(self, parent: "Parent") -> None:
        self.parent, self.reference = weakref.proxy(parent), weakref.ref(parent)


class Parent:
    def __init__(self) -> None:
        self.name, self.children = "parent", [Child(self)]


def test_weak_references_that_break_a_circle() -> None:
    kept = back(Parent())
    (child,) = kept.children
    assert (child.parent.name, child.reference()) == ("parent", kept)


def test_a_weak_reference_to_what_is_gone() -> None:
    assert back(weakref.ref(Parent()))() is None


class Import(threading.Thread):
    def __init__(self) -> None:
        super().__init__()
        self.items = 0

    def run(self) -> None:
        self.items = 3


def test_what_is_a_thread_too_comes_back_with_what_it_knows() -> None:
    done = Import()
    done.start()
    done.join()
    kept = back(done)
    assert (kept.items, kept.is_alive()) == (3, False)


def test_types_that_builtins_lacks() -> None:
    assert back([MappingProxyType({"a": 1}), MappingProxyType]) == [{"a": 1}, MappingProxyType]
