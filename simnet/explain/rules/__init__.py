"""The rule table of a node as the text its kernel would be given. Nothing is decided here."""

from __future__ import annotations

from simnet.dataplane.ruletable import NodeRules
from simnet.explain.rules.iptables import iptables_save
from simnet.explain.rules.line import Line
from simnet.explain.rules.named import Known, NamedStep, named_steps, named_text
from simnet.explain.rules.nftables import nftables_text

__all__ = ["Known", "Line", "NamedStep", "named_steps", "named_text", "rules_text"]


def rules_text(rules: NodeRules) -> str:
    """What `iptables-restore` (or `ip6tables-restore`, or `nft -f`) takes unchanged, by the mode of the proxy.

    Ends with a newline; the same bytes for the same cluster state. Raises UsageError where kube-proxy would refuse its
    configuration. Cost: O(rules).
    """
    return iptables_save(rules) if rules.mode == "iptables" else nftables_text(rules)
