"""Operations as tools of agents, by the Model Context Protocol (MCP)."""

from .extension import MCP

__all__ = ["MCP"]
