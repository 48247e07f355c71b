"""The HTTP clients."""

from simnet.console.tools.curl import curl
from simnet.console.tools.wget import wget

__all__ = ["curl", "wget"]
