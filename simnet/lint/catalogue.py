"""The codes that only a lint gives, with what each means; the others are those of a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

LINTED: Final[Mapping[str, str]] = MappingProxyType({
    "API-INVALID": "the API server would refuse the object",
    "API-WARNING": "taken with a warning, or read as something else than it looks",
    "DNS-LABEL": "a name that has to be a DNS label and is none",
    "POL-ANDOR": "two list items of a policy mean OR, and may have been meant as AND",
    "POL-DNS": "a policy lets nothing out to port 53, so no name resolves",
    "POL-NOMATCH": "a policy selects no pod",
    "POL-PORT": "a policy names the Service's port instead of the pod's",
    "PRB-PORT": "a probe asks on a port that is not open",
    "SVC-DUPIP": "two Services ask for one cluster IP",
    "SVC-DUPPORT": "two Services ask for one node port",
    "SVC-UNUSED": "nothing in the files mentions the Service",
})
