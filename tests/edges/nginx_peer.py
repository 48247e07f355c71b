"""A real nginx, configured from a controller's compiled table the way ingress-nginx writes it, and asked over a socket.

What ingress-nginx does in Lua (the redirect to HTTPS) stands in as an equivalent `return`. Every location passes requests
on to an echo server in the same process, which tells the location's number and the target it was asked for.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simnet.dataplane.http.servers import Location, Server
from simnet.dataplane.http.settings import LocationSettings
from simnet.dataplane.http.table import ControllerTable

NGINX = shutil.which("nginx") or (shutil.which("nginx", path="/usr/sbin:/usr/local/sbin"))

FRAME = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  set_real_ip_from unix:; real_ip_header X-Real-IP;
  access_log off; port_in_redirect off; server_names_hash_bucket_size 256; types_hash_max_size 2048;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5; large_client_header_buffers 4 32k;
  map $http_host $redirect_host {{ default $http_host; "~^(?<bare>[^:]+)" $bare; }}
  map $request_uri $redirect_target {{ default $request_uri; "~^(?<open>.*)/$" $open; }}
  upstream echo {{ server unix:{folder}/echo.sock; }}
  server {{ listen unix:{folder}/echo.sock default_server; server_name _; merge_slashes off;
            location / {{ return 200 "$http_x_location $request_uri"; }} }}
{servers}
}}
"""


class Numbered:
    """The locations of a table, each with the number that the echo server tells."""

    def __init__(self, table: ControllerTable, users: Path | None = None) -> None:
        self.table, self.users = table, users
        names = {*table.ingresses.known().hosts, ""}
        self.servers = [server for name in sorted(names) if (server := table.server(name)) is not None]
        self.locations: list[Location] = []

    def config(self, folder: Path) -> str:
        self.locations.clear()
        return FRAME.format(folder=folder, servers="".join(self._server(folder, each) for each in self.servers))

    def _server(self, folder: Path, server: Server) -> str:
        listen = f"listen unix:{folder}/http.sock" + ("" if server.host else " default_server")
        lines = [f"  server {{ {listen}; server_name {self._names(server)};"]
        if server.app_root:
            lines.append(f"    if ($uri = /) {{ return 302 $scheme://$http_host{server.app_root}; }}")
        if not server.host and not server.is_regex:
            lines.append("    location /healthz { return 200; }")
        own = server.patterns or (*server.prefixes.values(), *server.exact.values())
        lines += [self._location(each) for each in own]
        return "\n".join([*lines, "  }", *self._counterpart(folder, server), ""])

    def _names(self, server: Server) -> str:
        """Wildcard hosts are patterns, as ingress-nginx writes them; aliases stand as they are."""
        name = server.host or "_"
        if name.startswith("*."):
            name = f'"~^(?<subdomain>[\\w-]+)\\.{re.escape(name[2:])}$"'
        taken = {each.host for each in self.servers}
        return " ".join([name, *(f'"{alias}"' for alias in server.aliases if alias not in taken)])

    def _counterpart(self, folder: Path, server: Server) -> list[str]:
        name = server.host.removeprefix("www.") if server.host.startswith("www.") else f"www.{server.host}"
        if not server.from_to_www or "*" in name or name in {each.host for each in self.servers}:
            return []
        code = self.table.config.http_redirect_code
        return [f"  server {{ listen unix:{folder}/http.sock; server_name {name};",
                f"    return {code} $scheme://{server.host}:80$redirect_target; }}"]

    def _location(self, location: Location) -> str:
        number = len(self.locations)
        self.locations.append(location)
        sign = "~* " if location.pattern is not None else "= " if location.is_exact else ""
        path = f"^{location.path}" if location.pattern is not None else location.path
        settings = location.settings
        inside = ["absolute_redirect off;"] if settings.relative_redirects else []
        if location.denied_by:
            inside.append("return 503;")
        if settings.redirect is not None:
            inside.append(f"return {settings.redirect.status} {settings.redirect.url};")
        if location.rewrites:
            inside.append(f"rewrite {quoted('(?i)' + location.path)} {settings.rewrite_target} break;")
        inside += self._access(settings)
        inside += [f"proxy_set_header X-Location {number};", "proxy_set_header Host $http_host;", "proxy_pass http://echo;"]
        return f"    location {sign}{quoted(path)} {{ {' '.join(inside)} }}"


    def _access(self, settings: LocationSettings) -> list[str]:
        """Address lists and basic authentication with the users that were given; without any, everybody may come in."""
        if self.users is None:
            return []
        found = [f"deny {cidr};" for cidr in settings.deny or ()]
        if settings.allow:
            found += [*(f"allow {cidr};" for cidr in settings.allow), "deny all;"]
        if settings.credentials is not None:
            found += [f'auth_basic "{settings.credentials.realm}";', f"auth_basic_user_file {self.users};"]
        return [*found, "satisfy any;"] if settings.satisfies_any else found


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@contextmanager
def running(numbered: Numbered, folder: Path) -> Iterator[Path]:
    """nginx with this configuration; its socket. The process is ended at the end."""
    assert NGINX is not None
    path = folder / "nginx.conf"
    path.write_text(numbered.config(folder), encoding="utf-8", errors="surrogateescape")
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(path)], stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(500):
            if _listens(folder / "http.sock") and _listens(folder / "echo.sock"):
                break
            assert process.poll() is None, process.stderr.read() if process.stderr is not None else ""
            time.sleep(0.01)
        yield folder / "http.sock"
    finally:
        process.terminate()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        return link.connect_ex(str(path)) == 0


def ask(path: Path, method: str, target: str, hosts: list[str], version: str = "1.1",
        headers: tuple[tuple[str, str], ...] = ()) -> tuple[int, str, str]:
    """Status, Location and body of one request over a connection of its own."""
    head = "".join(f"Host: {host}\r\n" for host in hosts) + "".join(f"{name}: {value}\r\n" for name, value in headers)
    data = f"{method} {target} HTTP/{version}\r\n{head}Connection: close\r\n\r\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(10)
        link.connect(str(path))
        link.sendall(data.encode("utf-8", "surrogateescape"))
        answer = b""
        while chunk := link.recv(65536):
            answer += chunk
    top, _, body = answer.partition(b"\r\n\r\n")
    lines = top.decode("utf-8", "surrogateescape").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return int(lines[0].split(" ")[1]), headers.get("location", ""), body.decode("utf-8", "surrogateescape")


def _unchunked(body: bytes) -> bytes:
    found = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        found, body = found + body[:length], body[length + 2:]
        if not length:
            break
    return found
