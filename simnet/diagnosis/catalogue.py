"""Every code that a diagnosis or a lint can give, with what it means in one line. Codes are stable: tests rely on them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DIAGNOSED: Final[Mapping[str, str]] = MappingProxyType({
    "DNS-HEADLESS": "a pod's own name needs a headless Service, its subdomain, and a ready pod",
    "DNS-NONAME": "the name does not exist for whoever asks",
    "DNS-NS": "a short name is looked for in the client's own namespace",
    "EPT-NOTREADY": "pods are selected and none of them is ready",
    "GWY-ATTACH": "no listener of the Gateway takes the HTTPRoute",
    "GWY-BACKEND": "an HTTPRoute points to a backend that does not exist or has no weight",
    "GWY-CLASS": "no controller serves the Gateway: its class is unknown or another one's",
    "GWY-GRANT": "an HTTPRoute points into another namespace, and no ReferenceGrant permits it",
    "GWY-HOST": "no listener and route of the Gateway has the host of the request",
    "GWY-MATCH": "the host has routes, and no match takes the request",
    "GWY-TLS": "the name in the handshake leads to no listener, or to another than the request",
    "ING-BACKEND": "an Ingress points to a Service that does not exist",
    "ING-CLASS": "no controller serves the Ingress: its class is missing or unknown",
    "ING-DENIED": "an annotation or a limit of the Ingress answers the request itself",
    "ING-HOST": "no Ingress has a rule for the host of the request",
    "ING-PATH": "the host is known, and none of its paths is near the one asked for",
    "ING-PATHTYPE": "the path does not match by its pathType, its letters or its final slash",
    "ING-PORT": "an Ingress names a port that the Service does not have",
    "ING-REWRITE": "a rewrite changes the path into one the program does not have",
    "ING-SHADOWED": "an older Ingress has the same host and path",
    "ING-XNS": "an Ingress points to a Service of another namespace",
    "IPM-EXHAUSTED": "a range of addresses has nothing left, and pods wait",
    "IPM-OVERLAP": "ranges of pods, Services and nodes overlap",
    "NAT-REPLY": "the answer goes past the node that alone can translate it back",
    "NET-CUT": "a link on the way is cut",
    "NET-FAMILY": "one side has no address of the other's family",
    "NET-LOOP": "a request comes back to the controller it came from",
    "NET-NOBODY": "nobody has the address",
    "POD-HOSTPORT": "a pod waits for a host port that another pod has on every node",
    "POD-PENDING": "a pod found no node",
    "PRT-LOOPBACK": "the program listens on 127.0.0.1 only",
    "PRT-NAME": "targetPort is a name that no container port has",
    "PRT-NOLISTEN": "nothing listens on the port the Service sends to",
    "SEL-BROAD": "the selector takes in pods of another program",
    "SEL-NOMATCH": "the selector matches no pod",
    "SEL-NONE": "there is neither a selector nor an EndpointSlice",
    "SVC-ETPLOCAL": "externalTrafficPolicy Local, and no endpoint on this node",
    "SVC-EXTNAME": "an ExternalName Service is only an alias",
    "SVC-ITPLOCAL": "internalTrafficPolicy Local, and no endpoint on this node",
    "SVC-NODEPORT": "node port, Service port and target port are mixed up",
    "SVC-PENDING": "the Service waits for an address",
    "SVC-PORT": "the Service has no such port",
    "SVC-RANGES": "loadBalancerSourceRanges do not contain the client",
    "TLS-FALLBACK": "the controller shows its own certificate",
    "TLS-PLAIN": "https to a port that speaks plain HTTP",
    "TLS-UNTRUSTED": "the client does not accept the certificate",
    "TLS-WANTED": "plain HTTP to a port that speaks TLS",
})
"""What `diagnose` can give for a request that failed, or for a whole cluster."""

NOTED: Final[Mapping[str, str]] = MappingProxyType({
    "DNS-NDOTS": "an outside name is tried with every search suffix first",
    "LBS-AFFINITY": "session affinity keys on the address the proxy sees, and a controller does not use it",
    "NAT-HAIRPIN": "a pod reaches itself through its own Service, and sees another address than its own",
    "NAT-SNAT": "the receiver sees another address than the client's",
    "POL-UNJUDGED": "policies select a pod of the walk, and are not judged",
})
"""What `notes` can give for a request that went well and may surprise all the same."""

CODES: Final = tuple(sorted((*DIAGNOSED, *NOTED)))
"""The codes that a `diagnose` line of a story may name."""
