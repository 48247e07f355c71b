"""Which programs a shell finds in the usual base images, and what their package managers can add.

Source: the images' package lists on Docker Hub (debian:bookworm-slim, alpine:3, busybox:1) and the file lists of
the Debian and Alpine packages named.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BASICS = _words("awk cat chmod chown cp cut date df dirname du echo env expr false find grep head hostname id kill ln "
                 "ls md5sum mkdir mktemp mv printenv printf pwd rm sed seq sh sleep sort tail tee test touch tr true "
                 "uname uniq wc whoami xargs yes")

DEBIAN: Final = _BASICS | _words("apt apt-get bash dpkg getent perl")
BUSYBOX: Final = _BASICS | _words(
    "arping ash dd free ftpget httpd ifconfig ip less more nc netstat nslookup ping ping6 ps route stat telnet telnetd "
    "time timeout top traceroute vi watch wget which")
ALPINE: Final = (BUSYBOX - _words("httpd telnet telnetd ftpget")) | _words("apk getent")
RPM: Final = _BASICS | _words("bash curl dnf getent microdnf rpm yum")
NETSHOOT: Final = ALPINE | _words(
    "bash conntrack curl dig drill ethtool fping host httpie iperf iperf3 ipset iptables iptables-save ipvsadm jq mtr "
    "ncat netcat nft ngrep nmap nping nsenter openssl socat ss ssh strace tcpdump tcptraceroute telnet tshark vim zsh")

APT: Final[Mapping[str, frozenset[str]]] = MappingProxyType({name: _words(tools) for name, tools in {
    "bind9-dnsutils": "dig nslookup nsupdate", "bind9-host": "host", "ca-certificates": "update-ca-certificates",
    "curl": "curl", "dnsutils": "dig nslookup nsupdate", "host": "host", "inetutils-ping": "ping",
    "iperf3": "iperf3", "iproute2": "ip ss bridge", "iptables": "iptables iptables-save ip6tables",
    "iputils-ping": "ping", "jq": "jq", "knot-dnsutils": "kdig", "less": "less", "lsof": "lsof", "nano": "nano",
    "ncat": "ncat nc", "net-tools": "arp ifconfig netstat route", "netcat": "nc netcat",
    "netcat-openbsd": "nc netcat", "netcat-traditional": "nc netcat", "nftables": "nft", "nmap": "nmap",
    "openssl": "openssl", "procps": "free pgrep pkill ps top watch", "socat": "socat", "tcpdump": "tcpdump",
    "telnet": "telnet", "traceroute": "traceroute", "vim": "vim vi", "wget": "wget"}.items()})

APK: Final[Mapping[str, frozenset[str]]] = MappingProxyType({name: _words(tools) for name, tools in {
    "bash": "bash", "bind-tools": "delv dig host nslookup nsupdate", "busybox-extras": "ftpget httpd telnet telnetd",
    "curl": "curl", "drill": "drill", "iperf3": "iperf3", "iproute2": "bridge ip ss",
    "iptables": "iptables iptables-save ip6tables", "iputils": "arping ping tracepath", "jq": "jq",
    "ldns-tools": "drill", "netcat-openbsd": "nc netcat", "nftables": "nft", "nmap": "nmap", "nmap-ncat": "ncat nc",
    "openssl": "openssl", "socat": "socat", "tcpdump": "tcpdump", "vim": "vim", "wget": "wget"}.items()})

DNF: Final[Mapping[str, frozenset[str]]] = MappingProxyType({name: _words(tools) for name, tools in {
    "bind-utils": "dig host nslookup nsupdate", "curl": "curl", "iproute": "bridge ip ss", "iputils": "arping ping",
    "jq": "jq", "net-tools": "arp ifconfig netstat route", "nmap-ncat": "nc ncat", "openssl": "openssl",
    "procps-ng": "free pgrep pkill ps top watch", "socat": "socat", "tcpdump": "tcpdump", "telnet": "telnet",
    "traceroute": "traceroute", "wget": "wget"}.items()})
