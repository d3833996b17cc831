"""Switch callgrind's instrumentation on and off from inside the program that it watches.

Start-up then runs at valgrind's plain speed and is not counted. Valgrind takes a request as a
sequence of machine
instructions that does nothing elsewhere (valgrind.h of its distribution); here it is for x86-64
only.
"""

from __future__ import annotations

import ctypes
import mmap
import platform

__all__ = ["AVAILABLE", "Switch"]

AVAILABLE = platform.machine() in ("x86_64", "AMD64")
# mov rax, rdi; xor edx, edx; rol rdi, 3; rol rdi, 13; rol rdi, 61; rol rdi, 51; xchg rbx, rbx; mov
# rax, rdx; ret
_CODE = bytes.fromhex("4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3")
_TOOL = ord("C") << 24 | ord("T") << 16
_DUMP, _ZERO, _START, _STOP = _TOOL, _TOOL + 1, _TOOL + 4, _TOOL + 5


class Switch:
    """Is the switch; outside valgrind, and on other machines, it does nothing."""

    def __init__(self) -> None:
        if AVAILABLE:
            self._page = mmap.mmap(
                -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
            )
            self._page.write(_CODE)
            address = ctypes.addressof(ctypes.c_char.from_buffer(self._page))
            self._call = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(address)

    def _ask(self, request: int) -> None:
        if AVAILABLE:
            arguments = (ctypes.c_uint64 * 6)(request)
            self._call(ctypes.addressof(arguments))

    def on(self) -> None:
        """Begin to count."""
        self._ask(_START)

    def zero(self) -> None:
        """Forget what was counted."""
        self._ask(_ZERO)

    def off(self) -> None:
        """Count no more."""
        self._ask(_STOP)

    def dump(self) -> None:
        """Write what was counted to a file of its own."""
        self._ask(_DUMP)
