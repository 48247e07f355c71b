"""`openssl s_client` and `openssl x509`: which certificate does a server show, and what is in it.

Source: openssl-s_client(1), openssl-x509(1); verify codes: openssl-verification-options(1).
"""

from __future__ import annotations

from datetime import UTC, datetime

from simnet.console.desk import Call
from simnet.console.output import Output, failed, warned
from simnet.console.tools.transfer import Failure, exchange
from simnet.errors import SimnetError, nearest
from simnet.names import split_host_port
from simnet.x509.certificate import Certificate, read_certificates
from simnet.x509.pem import write_pem

_SHOWN = ("subject", "issuer", "dates", "startdate", "enddate", "serial", "ext", "fingerprint")


def openssl(call: Call) -> Output:
    """Dispatch on the subcommand."""
    if not call.args or call.args[0] not in ("s_client", "x509"):
        near = nearest(call.args[0], ("s_client", "x509")) if call.args else ""
        return failed("openssl: 's_client' and 'x509' are what is modelled" + (f"; did you mean {near}?" if near else ""), 1)
    return (_s_client if call.args[0] == "s_client" else _x509)(call)


def _option(args: list[str], name: str, default: str = "") -> str:
    place = args.index(name) + 1 if name in args else len(args)
    return args[place] if place < len(args) else default


def _s_client(call: Call) -> Output:
    """`s_client -connect HOST:PORT [-servername NAME]`: shake hands, print the certificate, hang up."""
    args = list(call.args[1:])
    target = _option(args, "-connect") or next((word for word in args if not word.startswith("-")), "")
    if not target:
        return failed("s_client: -connect HOST:PORT is expected", 1)
    host, port = split_host_port(target)
    url = f"https://{f'[{host}]' if ':' in host else host}:{port or 443}/"
    options = {"sni": None if "-noservername" in args else _option(args, "-servername")} \
        if "-servername" in args or "-noservername" in args else {}
    done = exchange(call, url, insecure=True, headers=[("Host", _option(args, "-servername", host))], **options)
    match done.failure:
        case Failure.NO_NAME:
            return failed(f"BIO_lookup_ex: Name or service not known: {host}\nconnect:errno=2", 1)
        case Failure.REFUSED | Failure.UNREACHABLE:
            return failed("BIO_connect: Connection refused\nconnect:errno=111", 1)
        case Failure.TIMEOUT:
            return failed("BIO_connect: Connection timed out\nconnect:errno=110", 1)
    served = done.response.certificate if done.response is not None else None
    if served is None or served.certificate is None:
        return Output("CONNECTED(00000003)\n---\nno peer certificate available\n---\n",
                      "error:0A00010B:SSL routines::wrong version number\n", 1)
    certificate = served.certificate
    code, words = (18, "self-signed certificate") if certificate.is_self_issued else (
        20, "unable to get local issuer certificate")
    shown = (f"CONNECTED(00000003)\n---\nCertificate chain\n 0 s:{certificate.subject}\n   i:{certificate.issuer}\n---\n"
             f"Server certificate\n{write_pem('CERTIFICATE', certificate.der)}subject={certificate.subject}\n"
             f"issuer={certificate.issuer}\n---\nVerify return code: {code} ({words})\n---\n")
    return warned(f"depth=0 {certificate.subject}\nverify error:num={code}:{words}\nverify return:1\n", Output(shown))


def _x509(call: Call) -> Output:
    """`x509 [-in FILE] [-noout] [-subject] [-issuer] [-dates] [-ext subjectAltName]`; `-text` a summary."""
    args = list(call.args[1:])
    text = call.read(_option(args, "-in")) if "-in" in args else call.stdin
    start = text.find("-----BEGIN CERTIFICATE-----")
    try:
        certificate = read_certificates(text[start:])[0]
    except SimnetError as problem:
        return failed(f"Could not read certificate: {problem}", 1)
    wanted = [word.lstrip("-") for word in args if word.lstrip("-") in _SHOWN]
    if "-text" in args or (not wanted and "-noout" in args):
        wanted = ["subject", "issuer", "dates", "ext"]
    pem = "" if "-noout" in args else write_pem("CERTIFICATE", certificate.der)
    return Output("".join(_part(certificate, name) for name in wanted) + pem)


def _part(certificate: Certificate, name: str) -> str:
    match name:
        case "subject":
            return f"subject={certificate.subject}\n"
        case "issuer":
            return f"issuer={certificate.issuer}\n"
        case "serial":
            return f"serial={certificate.serial:X}\n"
        case "fingerprint":
            return f"sha256 Fingerprint={certificate.fingerprint}\n"
        case "ext":
            names = [f"DNS:{each}" for each in certificate.dns_names]
            names += [f"IP Address:{each}" for each in certificate.ip_addresses]
            return f"X509v3 Subject Alternative Name:\n    {', '.join(names)}\n" if names else "No extensions matched\n"
    start, end = f"notBefore={_date(certificate.not_before)}\n", f"notAfter={_date(certificate.not_after)}\n"
    return {"startdate": start, "enddate": end}.get(name, start + end)


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%b %e %H:%M:%S %Y GMT")
