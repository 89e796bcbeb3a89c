"""How an extension changes what moto does: a function of moto's is wrapped in one of ours.

An extension wraps inside its `install`, never when it is imported. What a wrapper finds, moto's own
function or another extension's wrapper, then depends on the order of the installs alone, and not on
which module happened to be imported first.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

Original = Callable[..., Any]


def wrap(owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
    """Replace `owner.name`, a function of a class or of a module, with the wrapper.

    `wrapper(original, ...)` is called in its place: with what stood there until now, and with the
    arguments of the call. A method's first argument is its object.
    """
    original: Original = getattr(owner, name)

    @wraps(original)
    def call(*arguments: Any, **options: Any) -> Any:
        return wrapper(original, *arguments, **options)

    setattr(owner, name, call)


def replace(owner: Any, **members: Any) -> None:
    """Set members of `owner`, a class or a module, to ours, which do without what stood there."""
    for name, member in members.items():
        setattr(owner, name, member)
