"""An HTTP request as the client sends it and a response as the client gets it. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field

from simnet.x509.certificate import Certificate

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `target` is the raw request target; `host` the Host header, None when none is sent.

    `sni` is the name in the TLS handshake, None for none. `insecure` is curl's -k, `cacert` the PEM text of --cacert
    ('' for none). `body` is bytes; only its length matters to routing. `http_version` "2" is an offer made in the TLS
    handshake; a receiver without HTTP/2 sees 1.1.
    """

    method: str = "GET"
    scheme: str = "http"
    host: str | None = None
    target: str = "/"
    headers: Headers = ()
    body: bytes = b""
    sni: str | None = None
    http_version: str = "1.1"
    insecure: bool = False
    cacert: str = ""

    @property
    def is_tls(self) -> bool:
        return self.scheme == "https"

    def header(self, name: str) -> str | None:
        """The first header of this name (any case), or None."""
        lowered = name.lower()
        return next((value for each, value in self.headers if each.lower() == lowered), None)


@dataclass(frozen=True, slots=True)
class ServedCertificate:
    """What the TLS server showed: `name` is `namespace/secret`, `fake` for the built-in one, or the image's own.

    `chain` are the further certificates sent along with it.
    """

    name: str
    certificate: Certificate | None = None
    chain: tuple[Certificate, ...] = ()

    @property
    def is_fallback(self) -> bool:
        return self.name == "fake"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response; `by` names who gave it: `pod/default/web-1`, `default-backend`, `ingress-nginx/...`."""

    status: int = 200
    headers: Headers = ()
    body: bytes = b""
    certificate: ServedCertificate | None = None
    by: str = ""
    delay_seconds: float = 0.0
    http_version: str = "1.1"

    def header(self, name: str) -> str | None:
        """The first header of this name (any case), or None."""
        lowered = name.lower()
        return next((value for each, value in self.headers if each.lower() == lowered), None)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a test says the backend answers instead of the image's own answer."""

    status: int = 200
    headers: Headers = field(default=())
    body: bytes = b""
    delay_seconds: float = 0.0
