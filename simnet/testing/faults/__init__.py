"""Faults to plant in a healthy cluster, each with its known answer: for exercises, and for measuring diagnosis.

    broken = faults.plant(cluster, "SEL-NOMATCH", seed=7)     # a fork; `cluster` stays as it is
    broken.what                                               # spec.selector.app of service/default/web: web -> wbe
    assert broken.diagnose()[0].code == broken.code

The same cluster, code and seed give the same fault. `plantable` says which codes a cluster has something for.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import Final

from simnet.cluster import Cluster
from simnet.errors import UsageError, nearest
from simnet.testing.faults import ingresses, names, plans, services
from simnet.testing.faults.target import Plant, Planted

__all__ = ["FAULTS", "Planted", "plant", "plantable"]

FAULTS: Final[Mapping[str, Plant]] = MappingProxyType({
    "DNS-HEADLESS": names.headless, "DNS-NONAME": names.name_slip, "DNS-NS": names.from_another_namespace,
    "EPT-NOTREADY": services.never_ready, "ING-BACKEND": ingresses.backend_slip, "ING-CLASS": ingresses.wrong_class,
    "ING-DENIED": ingresses.shut_out, "ING-HOST": ingresses.wrong_host, "ING-PATH": ingresses.far_path,
    "ING-PATHTYPE": ingresses.exact_path, "ING-PORT": ingresses.wrong_port, "ING-REWRITE":
    ingresses.collapsing_rewrite, "ING-SHADOWED": ingresses.taken_twice, "ING-XNS": ingresses.other_namespace,
    "IPM-EXHAUSTED": plans.node_full, "IPM-OVERLAP": plans.node_in_service_range, "NET-CUT": plans.cut_off,
    "NET-FAMILY": plans.other_family, "NET-LOOP": ingresses.back_to_itself, "NET-NOBODY": plans.nobody,
    "POD-HOSTPORT": plans.host_ports, "POD-PENDING": plans.no_such_node, "PRT-LOOPBACK": services.bound_to_loopback,
    "PRT-NAME": services.wrong_port_name, "PRT-NOLISTEN": services.wrong_target_port, "SEL-BROAD":
    services.broad_selector, "SEL-NOMATCH": services.selector_slip, "SEL-NONE": services.no_selector, "SVC-ETPLOCAL":
    services.local_only, "SVC-EXTNAME": names.dead_alias, "SVC-ITPLOCAL": services.local_inside, "SVC-NODEPORT":
    services.node_port_mixed_up, "SVC-PENDING": services.no_address_left, "SVC-PORT": services.wrong_service_port,
    "SVC-RANGES": services.shut_out, "TLS-FALLBACK": ingresses.missing_secret, "TLS-PLAIN": services.tls_to_plain,
    "TLS-UNTRUSTED": ingresses.unknown_certificate, "TLS-WANTED": ingresses.plain_to_tls,
})
"""Code -> what plants it: every cause that a diagnosis knows, but those of Gateways, and `NAT-REPLY`, which hangs on how
the cluster was made."""


def plant(cluster: Cluster, code: str, seed: int = 0) -> Planted:
    """A fork of `cluster` with one fault of this code in it, where the seed decides the object and the slip.

    Raises UsageError for a code that is not in FAULTS, and when the cluster has nothing that could be broken so.
    """
    if code not in FAULTS:
        near = nearest(code, FAULTS)
        raise UsageError(f"{code!r} is no code of a fault" + (f"; did you mean {near}?" if near else f": {', '.join(FAULTS)}"))
    planted = FAULTS[code](cluster, Random(f"{code}/{seed}"))
    if planted is None:
        raise UsageError(f"nothing in this cluster can be broken to give {code}")
    return planted


def plantable(cluster: Cluster, seed: int = 0) -> list[str]:
    """The codes of the faults that this cluster has something for. Plants each once."""
    return [code for code, fault in FAULTS.items() if fault(cluster, Random(f"{code}/{seed}")) is not None]
