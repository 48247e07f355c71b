"""Well-known programs and the flags that move their ports.

Source: the usage texts of the programs (busybox applets, python -m http.server, hashicorp/http-echo, agnhost's
README in kubernetes/kubernetes test/images/agnhost, gunicorn, uvicorn, flask, redis-server ...).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from simnet.images.profile import Listen, Process

Args = Sequence[str]

_LONG_SLEEP_SECONDS: Final = 60
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ENDED: Final = Process((), False)
_STAYS: Final = Process(())

_ENDING: Final = (
    "apk apt apt-get awk basename cat cd chmod chown cp curl cut date df dig dirname du echo envsubst export find free "
    "getent git grep head host hostname id ifconfig ip jq kubectl ln ls md5sum mkdir mktemp mv nslookup openssl pip "
    "pip3 printenv printf ps pwd read rm route sed seq set shift sort source ss stat sysctl tar tee test touch tr trap "
    "true ulimit umask uname uniq unset wc wget which whoami xargs [ . :")
ENDS: Final = frozenset(_ENDING.split())
"""Programs that do their work and end."""


def _flag(args: Args, *names: str) -> str | None:
    """The value of the first of these flags: `-p 80`, `-p80`, `--port=80`, `-listen=:80`."""
    for index, arg in enumerate(args):
        head, equals, value = arg.partition("=")
        if head in names:
            return value if equals else (args[index + 1] if index + 1 < len(args) else None)
        short = next((name for name in names if len(name) == 2 and arg.startswith(name) and arg != name), None)
        if short is not None:
            return arg[2:]
    return None


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdigit() and 0 < int(text) < 65536 else default


def _bound(text: str | None, default: int, bind: str = "") -> Listen:
    """`:5678`, `0.0.0.0:80`, `[::]:80` or `8080`; without it, `default` on `bind`."""
    host, colon, port = (text or "").rpartition(":")
    if text is None or not port.isdigit():
        return Listen(default, bind=bind if text is None else "")
    host = host.strip("[]")
    return Listen(int(port), bind="" if not colon or host in ("", "0.0.0.0", "::", "*") else host)


def _sleep(args: Args) -> Process:
    """A sleep of a minute or more counts as staying: nothing here lives long enough to see it end."""
    total = 0.0
    for text in args:
        if text.startswith("inf"):
            return _STAYS
        number, unit = (text[:-1], text[-1]) if text[-1:] in _UNIT_SECONDS else (text, "s")
        total += float(number) * _UNIT_SECONDS[unit] if number.replace(".", "", 1).isdigit() else 0
    return _STAYS if total >= _LONG_SLEEP_SECONDS else _ENDED


def _tail(args: Args) -> Process:
    return _STAYS if any(arg.startswith(("-f", "-F", "--follow", "-nf")) for arg in args) else _ENDED


def _ping(args: Args) -> Process:
    return _ENDED if any(arg.startswith("-c") for arg in args) else _STAYS


def _netcat(args: Args) -> Process:
    """`nc -l -p 80`, `nc -lk 80`, `nc -lup 53`; without -l it is a client, which ends."""
    flags = "".join(arg[1:] for arg in args if arg.startswith("-") and not arg.startswith("--"))
    if "l" not in flags and "--listen" not in args:
        return _ENDED
    protocol = "UDP" if "u" in flags.partition("e")[0] else "TCP"
    ports = [arg for arg in args if arg.isdigit()]
    attached = _flag(args, "-p")
    port = _number(attached, 0) or (_number(ports[-1], 0) if ports else 0)
    return Process((Listen(port, protocol, app="tcp"),)) if port else _STAYS


def _python(args: Args) -> Process:
    if "-m" in args:
        index = list(args).index("-m") + 1
        module, rest = (args[index], args[index + 1:]) if index < len(args) else ("", ())
        if module in ("http.server", "SimpleHTTPServer"):
            port = next((arg for arg in rest if arg.isdigit()), None)
            bind = _flag(rest, "--bind", "-b") or ""
            return Process((Listen(_number(port, 8000), bind="" if bind in ("0.0.0.0", "::") else bind),))
        if module in PROGRAMS:
            return PROGRAMS[module](rest)
    return Process(None) if args and args[0] != "--version" else _ENDED


def _busybox_httpd(args: Args) -> Process:
    return Process((_bound(_flag(args, "-p"), 80),), runs=any(arg.startswith("-") and "f" in arg for arg in args))


def _http_echo(args: Args) -> Process:
    text = _flag(args, "-text", "--text")
    listen = _bound(_flag(args, "-listen", "--listen"), 5678)
    return Process((replace(listen, app="http-echo", answer=f"{text if text is not None else 'hello-world'}\n"),))


def _nginx(args: Args) -> Process:
    """Without `daemon off` the master process goes to the background and the command ends."""
    return Process((Listen(80, app="nginx"),), runs=any("daemon off" in arg for arg in args))


def _gunicorn(args: Args) -> Process:
    return Process((_bound(_flag(args, "-b", "--bind"), 8000, "127.0.0.1"),))


def _hosted(default: int, bind: str) -> Callable[[Args], Process]:
    """Programs with --host and --port that listen on `bind` unless told otherwise."""
    def listen(args: Args) -> Process:
        host = _flag(args, "--host", "-h") or bind
        host = "" if host in ("0.0.0.0", "::") else host
        return Process((Listen(_number(_flag(args, "--port", "-p"), default), bind=host),))
    return listen


def _php(args: Args) -> Process:
    address = _flag(args, "-S")
    return Process((_bound(address, 8000),)) if address is not None else Process(None)


def _socat(args: Args) -> Process:
    for arg in args:
        kind, _, rest = arg.partition(":")
        if kind.upper().endswith(("-LISTEN", "-L", "-RECVFROM", "-RECV")):
            protocol = "UDP" if kind.upper().startswith("UDP") else "TCP"
            return Process((Listen(_number(rest.partition(",")[0], 80), protocol, app="tcp"),))
    return _ENDED


def _iperf(args: Args) -> Process:
    is_server = any(arg in ("-s", "--server") for arg in args)
    return Process((Listen(_number(_flag(args, "-p", "--port"), 5201), app="tcp"),)) if is_server else _ENDED


def _agnhost(args: Args) -> Process:
    """The subcommands that serve; all others run their test and end, no subcommand pauses."""
    if not args or args[0] == "pause":
        return _STAYS
    match args[0]:
        case "netexec":
            tls = _flag(args, "--tls-cert-file") is not None
            return Process((Listen(_number(_flag(args, "--http-port"), 8080), tls=tls),
                            Listen(_number(_flag(args, "--udp-port"), 8081), "UDP")))
        case "serve-hostname":
            return Process((Listen(_number(_flag(args, "--port"), 9376), answer="$pod"),))
        case "test-webserver":
            return Process((Listen(_number(_flag(args, "--port"), 80)),))
        case "liveness" | "guestbook" | "no-snat-test" | "resource-consumer-controller":
            return Process((Listen(_number(_flag(args, "--port", "--http-port"), 8080)),))
        case "logs-generator" | "mounttest-pause":
            return _STAYS
        case _:
            return _ENDED


PROGRAMS: Final[Mapping[str, Callable[[Args], Process]]] = {
    "sleep": _sleep, "tail": _tail, "ping": _ping, "ping6": _ping, "nc": _netcat, "ncat": _netcat, "netcat": _netcat,
    "python": _python, "python3": _python, "python2": _python, "httpd": _busybox_httpd, "http-echo": _http_echo,
    "nginx": _nginx, "gunicorn": _gunicorn, "uvicorn": _hosted(8000, "127.0.0.1"), "flask": _hosted(5000, "127.0.0.1"),
    "http-server": _hosted(8080, ""), "php": _php, "socat": _socat, "iperf3": _iperf, "agnhost": _agnhost,
    "pause": lambda _: _STAYS, "yes": lambda _: _STAYS, "top": lambda _: _STAYS, "watch": lambda _: _STAYS,
    "false": lambda _: Process((), False, 1),
}

_PORT_FLAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "redis-server": ("--port",), "valkey-server": ("--port",), "memcached": ("-p", "--port"), "mongod": ("--port",),
    "postgres": ("-p",), "mysqld": ("--port", "-P"), "mariadbd": ("--port", "-P"), "nats-server": ("-p", "--port"),
    "whoami": ("--port", "-port"), "prometheus": ("--web.listen-address",), "alertmanager": ("--web.listen-address",),
    "pushgateway": ("--web.listen-address",), "node_exporter": ("--web.listen-address",),
    "kube-state-metrics": ("--port",), "gunicorn": ("-b", "--bind"),
}
_CONTROLLER_FLAGS: Final = {80: "--http-port", 443: "--https-port", 10254: "--healthz-port"}


def listening_as_told(name: str, args: Args, listen: tuple[Listen, ...]) -> tuple[Listen, ...]:
    """The sockets of an image's own server `name`, moved where its flags say."""
    if name == "http-echo":
        return _http_echo(args).listen or listen
    if name == "nginx-ingress-controller":
        return tuple(replace(each, port=_number(_flag(args, _CONTROLLER_FLAGS.get(each.port, "-")), each.port))
                     for each in listen)
    told = _flag(args, *_PORT_FLAGS[name]) if name in _PORT_FLAGS else None
    if told is None:
        return listen
    first = _bound(told, listen[0].port)
    return (replace(listen[0], port=first.port, bind=first.bind), *listen[1:])
