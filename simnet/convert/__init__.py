"""Ingresses into HTTPRoutes that behave the same, and a witness for every behaviour that cannot be kept.

The routes are made from what the controller compiled, not from the manifests: shadowed rules, canaries, patterns and
defaults are settled there. Whether both behave the same is found out by asking both (`witness`).
"""

from simnet.convert.conversion import Conversion, convert

__all__ = ["Conversion", "convert"]
