"""Manifests: from text or Python values to checked API objects, and back to text.

The way in: `read_manifests` (files, yaml, json -> Manifest; unknown fields and wrong types refused), `defaulted`,
`validate`, `decode`. `admissible` is all the judging of one manifest in one call.
"""

from simnet.manifests.check import admissible, check, checked
from simnet.manifests.convert import converted
from simnet.manifests.decode import decode
from simnet.manifests.defaults import defaulted
from simnet.manifests.manifest import Manifest
from simnet.manifests.read import read_manifests, unjudged
from simnet.manifests.summary import not_modelled
from simnet.manifests.validate import validate, validate_facts, validate_update
from simnet.manifests.yaml_limits import Limits

__all__ = ["Limits", "Manifest", "admissible", "check", "checked", "converted", "decode", "defaulted", "not_modelled",
           "read_manifests", "unjudged", "validate", "validate_facts", "validate_update"]
