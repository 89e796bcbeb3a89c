"""The variables of a shell, once an embedded AWS is to be asked and nobody else.

One rule: whatever a shell says of AWS is replaced as a whole, and loopback is asked directly. The
variables that it may have set meanwhile are too many to name, one for each service among them:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

OF_AWS = "AWS_"
# Programs differ in which of the two they read, and in which of the two they prefer:
# https://about.gitlab.com/blog/we-need-to-talk-no-proxy/
_NO_PROXY = ("NO_PROXY", "no_proxy")
_LOOPBACK = ("127.0.0.1", "localhost")
_NOTHING_BY_PROXY = "*"
_REGION = "AWS_REGION"

_UNSET = (
    f"for _aws in $(env | sed -n 's/^\\({OF_AWS}[A-Za-z0-9_]*\\)=.*/\\1/p'); "
    'do unset "$_aws"; done; unset _aws'
)
# Both as they were, and where there is only one, the other like it.
_BOTH = 'export NO_PROXY="${NO_PROXY:-${no_proxy:-}}" no_proxy="${no_proxy:-${NO_PROXY:-}}"'


def directly(environment: Mapping[str, str], region: str = "") -> dict[str, str]:
    """Return the variables that keep calls of loopback from being sent through a proxy.

    What `environment` keeps from its proxies already stays so. In a `region` the names of STS are
    loopback's: sdk_files.py leads them there, and botocore looks for a proxy by the name.
    """
    both = [environment.get(name, "") for name in _NO_PROXY]
    return {
        name: _joined(own or next(filter(None, both), ""), _hosts(region))
        for name, own in zip(_NO_PROXY, both, strict=True)
    }


def pointed(environment: Mapping[str, str], at: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` with `at` in the place of all that it says of AWS."""
    kept = {name: value for name, value in environment.items() if not name.startswith(OF_AWS)}
    return {**kept, **at, **directly(environment, at.get(_REGION, ""))}


@contextmanager
def applied(at: Mapping[str, str]) -> Iterator[None]:
    """Point this process's own variables, and put back what was there before."""
    before = dict(os.environ)
    _replace(pointed(before, at))
    try:
        yield
    finally:
        _replace(before)


def apply(at: Mapping[str, str]) -> None:
    """Point this process's own variables for as long as it runs."""
    _replace(pointed(os.environ, at))


def exports(at: Mapping[str, str]) -> list[str]:
    """Return lines that point the variables of any POSIX shell, whatever it has set by then."""
    return [
        _UNSET,
        _BOTH,
        *(_extended(name, host) for name in _NO_PROXY for host in _hosts(at.get(_REGION, ""))),
        *(f"export {name}={shlex.quote(value)}" for name, value in sorted(at.items())),
    ]


def _hosts(region: str) -> tuple[str, ...]:
    return (*_LOOPBACK, *((f"sts.{region}.amazonaws.com", "sts.amazonaws.com") if region else ()))


def _joined(hosts: str, more: tuple[str, ...]) -> str:
    named = [host.strip() for host in hosts.split(",") if host.strip()]
    if _NOTHING_BY_PROXY in named:
        return hosts
    return ",".join(dict.fromkeys([*named, *more]))


def _extended(name: str, host: str) -> str:
    """Do in a shell for one host what `_joined` does."""
    return (
        f'case ",${name}," in *,\\*,* | *,{host},*) ;; '
        f'*) {name}="${{{name}:+${name},}}{host}" ;; esac'
    )


def _replace(environment: Mapping[str, str]) -> None:
    for name in [name for name in os.environ if name not in environment]:
        del os.environ[name]
    os.environ.update(environment)
