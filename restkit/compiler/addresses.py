"""IP addresses from text and as text, through the C library where that agrees with ``ipaddress``.

PERF: ``IPv4Address`` of a text takes 20 thousand instructions and ``str`` of it 9, of an IPv6
address 26 and 42. Through ``inet_pton`` and ``inet_ntop`` it takes 6 and 4, 6 and 7.
"""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from ipaddress import ip_address as _ip_address

from marshmallow import fields

__all__ = [
    "ADDRESSES",
    "INTERFACES",
    "PARSERS",
    "address_text",
    "interface_text",
    "ip_address",
    "ipv4_address",
    "ipv6_address",
]

_OCTETS = tuple(str(number) for number in range(256))
_V4_TRAPS = ("1.2.3", "1.2.3.04", "1.2.3.4 ", "0x1.2.3.4", "1.2.3.256", "", "1.2.3.4.5", "1")
_V6_TRAPS = ("::1%1", "1:2", "::00001", "1::2::3", " ::1", "::g", "", ":1::2", "1:2:3:4:5:6:7::8:9")


@functools.cache
def _is_strict() -> bool:
    """Return True if the C library rejects the texts that ``ipaddress`` rejects."""
    families = ((socket.AF_INET, _V4_TRAPS), (socket.AF_INET6, _V6_TRAPS))
    return not any(_accepts(family, text) for family, traps in families for text in traps)


def _accepts(family: int, text: str) -> bool:
    try:
        socket.inet_pton(family, text)
    except OSError:
        return False
    return True


def ipv4_address(text: str) -> IPv4Address:
    """Return the address of a text.

    Raises:
        ValueError: The text is not an IPv4 address.
        OSError: The same.
    """
    if not _is_strict():
        return IPv4Address(text)
    return IPv4Address(socket.inet_pton(socket.AF_INET, text))


def ipv6_address(text: str) -> IPv6Address:
    """Return the address of a text.

    Raises:
        ValueError: The text is not an IPv6 address.
        OSError: The same, or it has a zone.
    """
    if not _is_strict():
        return IPv6Address(text)
    return IPv6Address(socket.inet_pton(socket.AF_INET6, text))


def ip_address(text: str) -> IPv4Address | IPv6Address:
    """Return the IPv4 or IPv6 address of a text.

    Raises:
        ValueError: The text is not an address.
        OSError: The same.
    """
    if not _is_strict():
        return _ip_address(text)
    return ipv6_address(text) if ":" in text else ipv4_address(text)


def address_text(address: IPv4Address | IPv6Address) -> str:
    """Return ``str`` of a value whose class is exactly ``IPv4Address`` or ``IPv6Address``."""
    packed = address.packed
    if len(packed) == 4:
        one, two, three, four = packed
        return f"{_OCTETS[one]}.{_OCTETS[two]}.{_OCTETS[three]}.{_OCTETS[four]}"
    if isinstance(address, IPv6Address) and address.scope_id is None and _is_strict():
        text = socket.inet_ntop(socket.AF_INET6, packed)
        if "." not in text:  # the C library writes some addresses with an IPv4 part
            return text
    return str(address)


def interface_text(interface: IPv4Interface | IPv6Interface) -> str:
    """Return ``str`` of a value whose class is exactly one of the two."""
    if isinstance(interface, IPv6Interface):
        return str(interface)
    return f"{address_text(interface)}/{interface.network.prefixlen}"


ADDRESSES = frozenset({IPv4Address, IPv6Address})
INTERFACES = frozenset({IPv4Interface, IPv6Interface})

PARSERS: dict[type, Callable[[str], object]] = {
    fields.IP: ip_address,
    fields.IPv4: ipv4_address,
    fields.IPv6: ipv6_address,
}
"""The function from a text to an address, by the class of the field."""
