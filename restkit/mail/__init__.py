"""Mails that leave after the commit: by SMTP, into the log, or kept for tests."""

from .extension import Mail
from .sending import deliver, send_mail

__all__ = ["Mail", "deliver", "send_mail"]
