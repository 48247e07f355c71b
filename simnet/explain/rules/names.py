"""The names kube-proxy gives to chains, maps and sets.

Source: kubernetes/kubernetes pkg/proxy/iptables/proxier.go portProtoHash, servicePortEndpointChainName;
pkg/proxy/nftables/proxier.go hashAndTruncate, servicePortChainNameBase, servicePortEndpointChainNameBase.
"""

from __future__ import annotations

from base64 import b32encode
from hashlib import sha256

from simnet import ip
from simnet.dataplane.rules import ServicePortRules, Target

LONGEST_NFT_BASE = 240  # 256 less the longest prefix


def service_hash(rules: ServicePortRules) -> str:
    """The sixteen letters after KUBE-SVC-, KUBE-SVL-, KUBE-EXT- and KUBE-FW-."""
    return _hash(rules.name + rules.port.protocol.lower(), 16)


def endpoint_hash(rules: ServicePortRules, target: Target) -> str:
    """The sixteen letters after KUBE-SEP-."""
    return _hash(rules.name + rules.port.protocol.lower() + target.text, 16)


def service_base(rules: ServicePortRules) -> str:
    """`ULMVA6XW-ns1/svc1/tcp/p80`: what follows `service-`, `local-`, `external-` and `firewall-` in nftables mode."""
    return _truncated(_plain(rules))


def endpoint_base(rules: ServicePortRules, target: Target) -> str:
    """`5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80`: what follows `endpoint-` and `affinity-` in nftables mode."""
    return _truncated(f"{_plain(rules)}__{ip.text(target.address).replace(':', '.')}/{target.port}")


def _plain(rules: ServicePortRules) -> str:
    key = rules.service.key
    return f"{key.namespace}/{key.name}/{rules.port.protocol.lower()}/{rules.port.name}"


def _hash(text: str, length: int) -> str:
    return b32encode(sha256(text.encode()).digest()).decode()[:length]


def _truncated(name: str) -> str:
    whole = f"{_hash(name, 8)}-{name}"
    return whole if len(whole) <= LONGEST_NFT_BASE else whole[:LONGEST_NFT_BASE - 3] + "..."
