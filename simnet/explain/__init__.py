"""Finished traces, lookups and outcomes as text, tree, JSON and graphs. Nothing is decided here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.dns.records import Answer
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.step import Trace
from simnet.errors import UsageError, nearest
from simnet.explain import text, tree
from simnet.explain.hops import hops_of
from simnet.explain.json import to_json
from simnet.explain.line import one_line

__all__ = ["explain", "hops_of", "one_line", "to_json"]
