"""An App against its own document: drawn requests by Schemathesis, and a report of its findings.

``restkit verify TARGET`` is the command. `verify` needs the extra ``verify``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names
from .findings import Finding, Tally
from .plan import PHASES, Plan
from .report import lines_of

if TYPE_CHECKING:
    from .run import VerificationError, verify

__all__ = ["PHASES", "Finding", "Plan", "Tally", "VerificationError", "lines_of", "verify"]

# Schemathesis takes a second to load.
__getattr__ = lazy_names(__name__, {"VerificationError": "run", "verify": "run"})
