"""Real TLS over bytes: certificates and keys from the cluster's Secrets, chosen by the name in the handshake."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from simnet.clock import from_iso
from simnet.cluster import Cluster
from simnet.dataplane.http.message import ServedCertificate
from simnet.names import ObjectKey
from simnet.server.http.door import Session
from simnet.x509.make import YEAR_SECONDS, fake_certificate, make_certificate

HANDSHAKE: Final = 0x16  # first byte of a ClientHello: RFC 8446 section 5.1
_READ: Final = 65536
_MOST_CONTEXTS: Final = 1000

Pem = tuple[bytes, bytes]
"""Certificate chain and private key."""


def pem_of(cluster: Cluster, served: ServedCertificate) -> Pem | None:
    """The certificate a server shows, with its key. Pods that speak TLS by themselves, and Gateways without a Secret, get
    a test certificate with their name, as nobody has said what is in theirs. None for a Secret that is gone."""
    start = int(from_iso(cluster.settings.now))
    if served.is_fallback:
        made = fake_certificate(start)
    elif served.certificate is None:
        made = make_certificate([served.name.rpartition("/")[2] or "pod"], not_before=start,
                                not_after=start + YEAR_SECONDS, seed=served.name)
    else:
        namespace, _, name = served.name.partition("/")
        secret = cluster.view.secret(ObjectKey(namespace, name))
        if secret is None:
            return None
        return secret.data["tls.crt"], secret.data["tls.key"]
    return made.certificate_pem.encode(), made.key_pem.encode()


class Contexts:
    """One SSL context for each certificate, made when it is first shown."""

    def __init__(self) -> None:
        self._made: dict[Pem, ssl.SSLContext] = {}

    def of(self, pem: Pem) -> ssl.SSLContext:
        """Raises ssl.SSLError for a pair that OpenSSL does not take."""
        context = self._made.get(pem)
        if context is None:
            if len(self._made) >= _MOST_CONTEXTS:
                self._made.clear()
            context = self._made[pem] = _context(pem)
        return context


def _context(pem: Pem) -> ssl.SSLContext:
    """OpenSSL reads keys from files only: they exist for a moment, for this user alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    with tempfile.TemporaryDirectory(prefix="simnet-") as folder:
        files = Path(folder, "crt"), Path(folder, "key")
        for file, content in zip(files, pem, strict=True):
            file.write_bytes(content)
        context.load_cert_chain(*files)
    return context


class Secure:
    """One client's TLS. Bytes of the wire go in, plain bytes come out, and the other way round."""

    def __init__(self, session: Session, contexts: Contexts, send: Callable[[bytes], None]) -> None:
        self._session, self._contexts, self._send = session, contexts, send
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.sni: str | None = None
        self.is_over = self.is_shaken = False
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = self._named
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def _named(self, tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        """Choose the certificate; an alert when nobody shows one or OpenSSL does not take it."""
        self.sni = name
        served = self._session.certificate(name)
        pem = pem_of(self._session.door.cluster, served) if served is not None else None
        if pem is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        try:
            tls.context = self._contexts.of(pem)
        except ssl.SSLError:
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        return None

    def receive(self, data: bytes) -> bytes:
        """Plain bytes out of what has arrived; `is_over` is set at the peer's end and at any breach of the protocol."""
        self._incoming.write(data)
        plain: list[bytes] = []
        try:
            if not self.is_shaken:
                self._tls.do_handshake()
                self.is_shaken = True
            while got := self._tls.read(_READ):
                plain.append(got)
            self.is_over = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self.is_over = True
        self._flush()
        return b"".join(plain)

    def send(self, data: bytes) -> None:
        """Send plain bytes."""
        try:
            self._tls.write(data)
        except ssl.SSLError:
            self.is_over = True
        self._flush()

    def close(self) -> None:
        """Say that nothing more comes."""
        with suppress(ssl.SSLError, ValueError):  # the peer's own end is not waited for
            self._tls.unwrap()
        self._flush()

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._send(data)
