"""What curl says: messages of its exit codes, the lines of -v, the variables of -w.

Source: lib/strerror.c, lib/connect.c, lib/vtls/openssl.c, src/tool_operate.c and src/tool_writeout.c of curl 8.5;
curl(1), section EXIT CODES.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from simnet.console.flags import Parsed
from simnet.console.tools.transfer import Exchange, Failure, header_lines, redirected, with_path
from simnet.dataplane.client import parse_url
from simnet.dataplane.http.message import Response, ServedCertificate
from simnet.errors import UsageError
from simnet.x509.distinguished import DistinguishedName

_SYN_TIMEOUT_MS = 134_000  # Linux gives up on a connection after about this long (tcp_syn_retries 6)
_MORE = ("More details here: https://curl.se/docs/sslcerts.html\n\n"
         "curl failed to verify the legitimacy of the server and therefore could not\n"
         "establish a secure connection to it. To learn more about this situation and\n"
         "how to fix it, please visit the web page mentioned above.")


def _host_port(url: str) -> tuple[str, int]:
    parts = parse_url(url)
    return parts.host, parts.port


def http_version(flags: Parsed, url: str) -> str:
    """What is offered: HTTP/2 in every TLS handshake unless it is switched off, so plain http stays at 1.1."""
    if flags.on("http1.0"):
        return "1.0"
    return "2" if url.lower().startswith("https:") and not flags.on("http1.1") else "1.1"


def failure_of(flags: Parsed, url: str, done: Exchange) -> tuple[int, str]:
    """Exit code and message of an exchange without an answer."""
    host, port = _host_port(url)
    match done.failure:
        case Failure.NO_NAME:
            return 6, f"Could not resolve host: {host}"
        case Failure.TIMEOUT:
            if limit := flags.get("connect-timeout") or flags.get("max-time"):
                return 28, f"Connection timed out after {_milliseconds(limit) + 1} milliseconds"
            return 28, f"Failed to connect to {host} port {port} after {_SYN_TIMEOUT_MS} ms: Couldn't connect to server"
        case Failure.CERTIFICATE:
            return 60, f"{certificate_problem(done)}\n{_MORE}"
        case Failure.NOT_TLS:
            return 35, "error:0A00010B:SSL routines::wrong version number"
        case Failure.EMPTY:
            return 52, "Empty reply from server"
        case _:
            return 7, f"Failed to connect to {host} port {port} after 0 ms: Couldn't connect to server"


def _milliseconds(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}(\.\d*)?", text):
        raise UsageError(f"expected a proper number of seconds, got '{text}'")
    return round(float(text) * 1000)


def certificate_problem(done: Exchange) -> str:
    """Why the certificate was not accepted, in OpenSSL's words."""
    refused = done.refusal
    assert refused is not None
    match refused.reason:
        case "name":
            return f"SSL: no alternative certificate subject name matches target host name '{refused.host}'"
        case "expired":
            return "SSL certificate problem: certificate has expired"
        case "not-yet-valid":
            return "SSL certificate problem: certificate is not yet valid"
        case _:
            return f"SSL certificate problem: {_distrust(refused.certificate)}"


def _distrust(served: ServedCertificate) -> str:
    certificate = served.certificate
    if certificate is not None and not certificate.is_self_issued:
        return "unable to get local issuer certificate"
    return "self-signed certificate"


def http_failure(flags: Parsed, status: int) -> tuple[int, str]:
    """What -f makes of a status of 400 and above."""
    if status >= 400 and (flags.on("fail") or flags.on("fail-with-body")):
        return 22, f"The requested URL returned error: {status}"
    return 0, ""


# -v -------------------------------------------------------------------------------------------------------------

def connection_lines(flags: Parsed, url: str, method: str, headers: list[tuple[str, str]], done: Exchange) -> list[str]:
    """The lines of -v up to the end of the response headers."""
    host, port = _host_port(url)
    lines = _resolving(host, port, done)
    if done.failure is Failure.NO_NAME:
        return [*lines, "* Closing connection"]
    lines.append(f"*   Trying {_bracketed(done.address)}:{port}...")
    if done.failure in (Failure.REFUSED, Failure.TIMEOUT, Failure.UNREACHABLE):
        why = {Failure.REFUSED: "Connection refused", Failure.TIMEOUT: "Connection timed out"}.get(
            done.failure, "No route to host")
        if not (done.failure is Failure.TIMEOUT and flags.has("connect-timeout")):
            lines.append(f"* connect to {done.address} port {port} from {done.source} port {done.source_port} failed: {why}")
        return [*lines, f"* {failure_of(flags, url, done)[1]}", "* Closing connection"]
    lines.append(f"* Connected to {host} ({done.address}) port {port}")
    if url.lower().startswith("https:"):
        lines += _handshake(flags, host, done)
    if done.failure in (Failure.CERTIFICATE, Failure.NOT_TLS):
        return [*lines, "* Closing connection"]
    lines += _request_lines(flags, url, method, headers, done)
    if done.response is None:
        return [*lines, "* Empty reply from server", "* Closing connection"]
    return [*lines, *(f"< {line}" for line in header_lines(done.response)), "< "]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _resolving(host: str, port: int, done: Exchange) -> list[str]:
    if done.failure is Failure.NO_NAME:
        return [f"* Could not resolve host: {host}"]
    if not done.resolved:
        return []
    six = [address for address in done.resolved if ":" in address]
    four = [address for address in done.resolved if ":" not in address]
    return [f"* Host {host}:{port} was resolved.", f"* IPv6: {', '.join(six) or '(none)'}",
            f"* IPv4: {', '.join(four) or '(none)'}"]


def _request_lines(flags: Parsed, url: str, method: str, headers: list[tuple[str, str]], done: Exchange) -> list[str]:
    parts = parse_url(url)
    target = flags.get("request-target") or parts.path
    version = http_version(flags, url)
    if version == "2":
        version = done.response.http_version if done.response is not None else "1.1"
    given = next((value for name, value in headers if name.lower() == "host"), None)
    lines = [f"{method} {target} HTTP/{version}", f"Host: {parts.netloc if given is None else given}"]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() != "host"]
    return [*(f"> {line}" for line in lines), "> "]


def _handshake(flags: Parsed, host: str, done: Exchange) -> list[str]:
    """The TLS part: what was offered, which certificate was shown, whether it was believed."""
    offered = "h2,http/1.1" if http_version(flags, "https:") == "2" else "http/1.1"
    lines = [f"* ALPN: curl offers {offered}", "* TLSv1.3 (OUT), TLS handshake, Client hello (1):"]
    if not flags.on("insecure"):
        lines += [f"*  CAfile: {flags.get('cacert') or '/etc/ssl/certs/ca-certificates.crt'}",
                  f"*  CApath: {'none' if flags.has('cacert') else '/etc/ssl/certs'}"]
    if done.failure is Failure.NOT_TLS:
        return [*lines, "* TLSv1.3 (OUT), TLS alert, record overflow (534):"]
    lines += ["* TLSv1.3 (IN), TLS handshake, Server hello (2):", "* TLSv1.3 (IN), TLS handshake, Certificate (11):"]
    served = done.response.certificate if done.response is not None else None
    if done.refusal is not None:
        problem = certificate_problem(done)
        if done.refusal.reason == "name":
            lines += _certificate(done.refusal.certificate, host, "")
            return [*lines, f"* {problem}"]
        return [*lines, "* TLSv1.3 (OUT), TLS alert, unknown CA (560):", f"* {problem}"]
    lines += ["* TLSv1.3 (IN), TLS handshake, Finished (20):", "* TLSv1.3 (OUT), TLS handshake, Finished (20):",
              "* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384 / X25519"]
    version = done.response.http_version if done.response is not None else "1.1"
    lines.append(f"* ALPN: server accepted {'h2' if version == '2' else 'http/1.1'}")
    if served is None:
        return lines
    trusted = f"*  SSL certificate verify result: {_distrust(served)} (18), continuing anyway." if flags.on("insecure") \
        else "*  SSL certificate verify ok."
    return lines + _certificate(served, "" if flags.on("insecure") else host, trusted)


def _certificate(served: ServedCertificate, host: str, verdict: str) -> list[str]:
    certificate = served.certificate
    if certificate is None:
        return [f"* Server certificate: {served.name}"]
    lines = ["* Server certificate:", f"*  subject: {_name(certificate.subject)}",
             f"*  start date: {_date(certificate.not_before)}", f"*  expire date: {_date(certificate.not_after)}"]
    if host:
        matched = next((name for name in certificate.names if _covers(name, host)), "")
        lines.append(f'*  subjectAltName: host "{host}" matched cert\'s "{matched}"' if matched else
                     f"*  subjectAltName does not match host name {host}")
    lines.append(f"*  issuer: {_name(certificate.issuer)}")
    return [*lines, verdict] if verdict else lines


def _name(name: DistinguishedName) -> str:
    """As lib/vtls/openssl.c x509_name_oneline prints it (XN_FLAG_SEP_SPLUS_SPC)."""
    return "; ".join(f"{key}={value}" for key, value in name.attributes)


def _covers(name: str, host: str) -> bool:
    return name.lower() == host.lower() or (name.startswith("*.") and host.lower().partition(".")[2] == name[2:].lower())


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%b %e %H:%M:%S %Y GMT")


def tail_lines(url: str) -> list[str]:
    """The last line of -v: the connection stays open for a moment."""
    return [f"* Connection #0 to host {_host_port(url)[0]} left intact"]


# -w -------------------------------------------------------------------------------------------------------------

def written_out(flags: Parsed, url: str, method: str, redirects: int, done: Exchange, code: int, message: str) -> str:
    """The text of -w with its `%{variables}` filled in; unknown ones vanish."""
    form = flags.get("write-out")
    if not form:
        return ""
    values = _variables(url, method, redirects, done, code, message)
    text = re.sub(r"%\{([^}]*)\}", lambda match: values.get(match[1], ""), form.replace("%%", "\0"))
    for escape, character in (("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r")):
        text = text.replace(escape, character)
    return text.replace("\0", "%")


def _variables(url: str, method: str, redirects: int, done: Exchange, code: int, message: str) -> dict[str, str]:
    response: Response | None = done.response
    status = f"{response.status if response is not None else 0:03d}"
    connected = done.failure not in (Failure.NO_NAME, Failure.REFUSED, Failure.TIMEOUT, Failure.UNREACHABLE)
    delay = f"{response.delay_seconds if response is not None else 0.0:.6f}"
    size = str(len(response.body) if response is not None and method != "HEAD" else 0)
    return {
        "http_code": status, "response_code": status, "exitcode": str(code), "errormsg": message.split("\n")[0],
        "content_type": (response.header("Content-Type") or "") if response is not None else "",
        "http_version": response.http_version if response is not None else "0", "method": method, "url": url,
        "url_effective": with_path(url), "scheme": url.partition(":")[0].upper(), "num_redirects": str(redirects),
        "redirect_url": redirected(url, response) if response is not None else "", "size_download": size,
        "remote_ip": done.address if connected else "", "remote_port": str(_host_port(url)[1]) if connected else "0",
        "local_ip": done.source if connected else "", "local_port": str(done.source_port) if connected else "0",
        "num_connects": "1" if connected else "0", "ssl_verify_result": "18" if code == 60 else "0",
        "time_total": delay, "time_namelookup": "0.000000", "time_connect": "0.000000", "time_starttransfer": delay,
        "time_appconnect": "0.000000", "time_pretransfer": "0.000000", "time_redirect": "0.000000",
        "size_header": str(sum(len(line) + 2 for line in header_lines(response)) + 2) if response is not None else "0",
        "speed_download": "0", "num_headers": str(len(response.headers)) if response is not None else "0",
    }
