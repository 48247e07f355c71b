"""`ss` and `netstat`: which ports are open in the pod the shell runs in.

Source: ss(8) of iproute2 and netstat(8) of net-tools and busybox, for `-l`, `-t`, `-u`, `-n`.
"""

from __future__ import annotations

from simnet.console.desk import Call
from simnet.console.layout import aligned
from simnet.console.output import Output


def _listening(call: Call) -> list[tuple[str, str, int]]:
    """(protocol, local address, port) of every socket known to be open, as the options choose them."""
    pod = call.desk.pod()
    letters = "".join(word.lstrip("-") for word in call.args if word.startswith("-"))
    wanted = [protocol for letter, protocol in (("t", "TCP"), ("u", "UDP")) if letter in letters] or ["TCP", "UDP"]
    if pod is None:
        return []
    ports = call.cluster.view.listening(pod).ports
    return sorted((protocol.lower(), each.listen.bind or "0.0.0.0", port) for (port, protocol), each in ports.items()
                  if protocol in wanted)


def ss(call: Call) -> Output:
    """`ss -ltn`: listening sockets."""
    rows = ["Netid\tState\tRecv-Q\tSend-Q\tLocal Address:Port\tPeer Address:Port"]
    rows += [f"{protocol}\t{'LISTEN' if protocol == 'tcp' else 'UNCONN'}\t0\t{128 if protocol == 'tcp' else 0}\t"
             f"{address}:{port}\t0.0.0.0:*" for protocol, address, port in _listening(call)]
    return Output(aligned("\n".join(rows) + "\n", padding=2))


def netstat(call: Call) -> Output:
    """`netstat -tln`: listening sockets."""
    text = "Active Internet connections (only servers)\n"
    text += "Proto Recv-Q Send-Q Local Address           Foreign Address         State\n"
    return Output(text + "".join(f"{protocol:<5} {0:>6} {0:>6} {f'{address}:{port}':<23} {'0.0.0.0:*':<23} "
                                 f"{'LISTEN' if protocol == 'tcp' else ''}\n"
                                 for protocol, address, port in _listening(call)))
