"""The addresses that webhooks may be sent to: public ones, after the name is resolved.

SECURITY: whoever registers an endpoint chooses its URL. Without this a URL could make the worker
call services of its own network (server-side request forgery; Standard Webhooks 1.0.0, "SSRF").
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence

from ..errors import DeclarationError

__all__ = ["Address", "Network", "Unreachable", "networks_of", "resolve"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Networks that carry addresses of IPv4 within those of IPv6: a gateway would reach the inner one.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_CARRIERS = (
    ipaddress.ip_network("2002::/16"),  # 6to4
    ipaddress.ip_network("64:ff9b:1::/48"),
    ipaddress.ip_network("::/96"),  # IPv4-compatible
    ipaddress.ip_network("::ffff:0:0:0/96"),  # IPv4-translated
    ipaddress.ip_network("fec0::/10"),  # site-local
)
# Special purposes (IANA's registries) that some versions of Python count as global, and the
# address at which machines of Azure reach the platform itself.
_SPECIAL = (
    ipaddress.ip_network("192.0.0.0/24"),
    ipaddress.ip_network("192.88.99.0/24"),
    ipaddress.ip_network("168.63.129.16/32"),
    ipaddress.ip_network("100::/64"),
    ipaddress.ip_network("2001::/23"),
    ipaddress.ip_network("3fff::/20"),
    ipaddress.ip_network("5f00::/16"),
)
_REFUSED = (*_CARRIERS, *_SPECIAL)


class Unreachable(Exception):
    """Raised when a webhook cannot be sent to its URL, or its receiver does not respond in time."""


def networks_of(texts: Iterable[str], where: str) -> tuple[Network, ...]:
    """Return networks from their texts.

    Raises:
        DeclarationError: One of them is not a network.
    """
    if isinstance(texts, (str, bytes)):
        raise DeclarationError(f"{where} must be a list of networks, got {texts!r}.")
    try:
        return tuple(_network(each) for each in texts)
    except (ValueError, TypeError) as error:
        raise DeclarationError(
            f"{where} must be a list of networks such as '127.0.0.0/8': {error}."
        ) from None


def _network(text: object) -> Network:
    if not isinstance(text, str):  # a number would be a network of one address
        raise TypeError(f"{text!r} is not a text")
    return ipaddress.ip_network(text)


def resolve(host: str, port: int, opened: Sequence[Network]) -> list[Address]:
    """Return the addresses of a host that may be connected to.

    Args:
        host: A name, or an address.
        port: The port.
        opened: Networks that are allowed besides the public ones.

    Raises:
        Unreachable: The name has no address, or none that is allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable("The name of the host has no address.") from None
    # A scope ("fe80::1%eth0") belongs to link-local addresses, which are not public.
    texts = dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found)
    addresses = [address for text in texts if _is_allowed(address := _plain(text), opened)]
    if not addresses:
        raise Unreachable("The host has no public address.")
    return addresses


def is_opened(address: Address, opened: Sequence[Network]) -> bool:
    """Return whether an address is in one of the networks."""
    return any(address in network for network in opened)


def _plain(text: str) -> Address:
    """Return an address; one of IPv4 that is written as IPv6 is that of IPv4."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_allowed(address: Address, opened: Sequence[Network]) -> bool:
    return is_opened(address, opened) or _is_public(address)


def _is_public(address: Address) -> bool:
    if address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        return _is_public(inner)
    if any(address in network for network in _REFUSED):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
