"""How objects of moto's are pickled that pickle alone writes wrongly, or not at all.

Each reducer returns what `__reduce__` returns.
https://docs.python.org/3/library/pickle.html#object.__reduce__
"""

import builtins
import copyreg
import threading
import weakref
from collections import defaultdict
from types import FunctionType
from typing import Any

Reduced = tuple[Any, ...]

_WEAK = (weakref.ProxyType, weakref.CallableProxyType, weakref.ReferenceType)
_KEYS_OF = "cryptography."  # keys and certificates, written in Rust


def needs_cloudpickle(value: Any) -> bool:
    """Tell whether pickle would look the value up by a name under which nobody finds it.

    Functions within functions, those without a name among them, and the types that Python has
    and `builtins` lacks: of code, of methods, of mapping proxies.
    """
    kind = type(value)
    if kind is FunctionType:
        return "<" in value.__qualname__
    return kind is type and value.__module__ == "builtins" and not hasattr(builtins, value.__name__)


def reduce(value: Any) -> Reduced | None:
    """Return how the value is pickled; None for one that pickle itself may ask."""
    kind = type(value)  # a proxy's __class__ is that of what it stands for
    if kind in _WEAK:
        return _reduced_weak(value)
    if issubclass(kind, threading.Thread):
        return _reduced_thread(value)
    if kind.__module__.startswith(_KEYS_OF):
        return _reduced_key(value)
    if isinstance(value, defaultdict) and kind is not defaultdict:
        return _reduced_default_dictionary(value)
    return None


def _reduced_default_dictionary(value: defaultdict[Any, Any]) -> Reduced:
    """defaultdict's own reducer calls the subclass with its factory, whatever it asks for.

    moto's ParameterDict asks for an account and a region.
    """
    state = vars(value), {"default_factory": value.default_factory}
    return copyreg.__newobj__, (type(value),), state, None, iter(value.items())  # type: ignore[attr-defined]


def _reduced_thread(value: threading.Thread) -> Reduced:
    """Threads are not state. Some of what moto keeps is one, an import of DynamoDB's for example:
    that comes back with what it knows, as a thread that nobody has started.
    """
    of_any_thread = vars(threading.Thread())
    state = {name: each for name, each in vars(value).items() if name not in of_any_thread}
    return _thread_at_rest, (type(value),), state


def _thread_at_rest(kind: type[threading.Thread]) -> threading.Thread:
    thread = kind.__new__(kind)
    threading.Thread.__init__(thread)
    return thread


def _reduced_weak(value: Any) -> Reduced:
    """What it refers to is pickled with it: where moto breaks a circle so, it is there anyway."""
    if type(value) is weakref.ReferenceType:
        target = value()
        return (_dead_reference, ()) if target is None else (weakref.ref, (target,))
    return weakref.proxy, (value.__repr__.__self__,)


def _dead_reference() -> "weakref.ref[Any]":
    return weakref.ref(type("Gone", (), {})())


def _reduced_key(value: Any) -> Reduced | None:
    """Keys and certificates do not pickle, and have standard forms as bytes."""
    from cryptography import x509  # noqa: PLC0415 (few services need it)
    from cryptography.hazmat.primitives import serialization as forms  # noqa: PLC0415

    der = forms.Encoding.DER
    if isinstance(value, x509.Certificate):
        return _certificate, (value.public_bytes(der),)
    if hasattr(value, "private_bytes"):
        content = value.private_bytes(der, forms.PrivateFormat.PKCS8, forms.NoEncryption())
        return _private_key, (content,)
    if hasattr(value, "public_bytes"):
        content = value.public_bytes(der, forms.PublicFormat.SubjectPublicKeyInfo)
        return _public_key, (content,)
    return None


def _certificate(content: bytes) -> Any:
    from cryptography import x509  # noqa: PLC0415

    return x509.load_der_x509_certificate(content)


def _private_key(content: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key  # noqa: PLC0415

    return load_der_private_key(content, None)


def _public_key(content: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    return load_der_public_key(content)
