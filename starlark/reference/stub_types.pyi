from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NoReturn, Protocol, SupportsIndex, TypeAlias, TypeVar, overload

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

Duration: TypeAlias = int | float | str
"""Seconds, or a string such as "250ms", "2s" or "1m30s"."""

Size: TypeAlias = int | str
"""Bytes, or a string such as "64KiB" or "10MB"."""

class ListOf(Protocol[_T_co]):
    """A list or a tuple, but not a string."""

    def __contains__(self, value: object, /) -> bool: ...
    def __getitem__(self, index: SupportsIndex, /) -> _T_co: ...
    def __iter__(self) -> Iterator[_T_co]: ...
    def __len__(self) -> int: ...

class EnvStr(str):
    """A string from the environment, whose value only the evaluation knows."""

class Secret:
    """A string that is never shown. It can be joined with + to strings and other secrets."""

    def __add__(self, other: str | Secret, /) -> Secret: ...
    def __radd__(self, other: str, /) -> Secret: ...

class Key:
    """Identifies a client: by_cookie(...), by_header(...) or by_client_ip()."""

class Rule:
    """A route with settings for its requests: rule(...). It is an element of routes, not a matcher."""

class Affinity:
    """Binds clients or sessions to processes: by_issued(...) or by_session(...)."""

class Listener:
    """An address on which clients connect: listen(...)."""

class TLS:
    """Certificates with their keys, for a listener: tls(...) or acme(...)."""

class Limit:
    """A limit that groups share: limit(...)."""

class Rate:
    """A limit of how often requests are let in: rate(...)."""

class Static:
    """A folder whose files ldcorn serves: static(...)."""

class Tracing:
    """Where spans of requests are sent: otlp(...)."""

class Command:
    """A program that runs before workers start: command(...)."""

class Hook:
    """A program or an address that learns of events: hook(...) or webhook(...)."""

class Decision:
    """The decision about a request: to(...), respond(...) or redirect(...)."""

Router: TypeAlias = Callable[[Request], str | Decision | None]
"""A function that decides about requests."""

class HeaderEdit:
    """A change to a header: set_header(...), add_header(...) or remove_header(...)."""

class Matcher:
    """A test of a request: path(...), header(...) and others. It has no truth value: and, or, not cannot join it."""

    def __and__(self, other: Matcher, /) -> Matcher: ...
    def __or__(self, other: Matcher, /) -> Matcher: ...
    def __invert__(self) -> Matcher: ...
    def __bool__(self) -> Literal["no truth value: join matchers with & | ~"]: ...
