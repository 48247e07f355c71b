"""Basic and digest authentication from a Secret, and authentication asked of somebody else (rules K-3, K-4).

Source: kubernetes/ingress-nginx internal/ingress/annotations/auth/main.go, annotations/authreq/main.go, annotations/
satisfy; nginx ngx_http_auth_basic_module (formats: src/core/ngx_crypt.c), ngx_http_auth_request_module; RFC 7616.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from simnet.dataplane.http.annotation_reader import Reader
from simnet.dataplane.http.message import Request
from simnet.dataplane.http.notes import Outcome

_REALM: Final = re.compile(r"[A-Za-z0-9 ._~:/-]*")
_CRYPT64: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FIELD: Final = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


class Verdict(StrEnum):
    """What becomes of a request's credentials."""

    RIGHT = "right"
    MISSING = "no credentials are sent"
    UNREADABLE = "the Authorization header is of another kind"
    NO_USER = "nobody of that name is in the Secret"
    WRONG = "the password is not that user's"
    NOT_MODELLED = "the password is stored in a way that is not modelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """auth-type and what goes with it. `secret` as written; `is_map`: one key a user instead of one file `auth`."""

    kind: str
    secret: str
    realm: str = ""
    is_map: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OuterAuth:
    """auth-url: who is asked; `signin` '' answers 401 itself; `response_headers` go from that answer to the backend."""

    url: str
    method: str = "GET"
    signin: str = ""
    signin_parameter: str = "rd"
    response_headers: tuple[str, ...] = ()


def read_credentials(reader: Reader) -> Credentials | None:
    """auth-type; None without one, and auth-secret alone protects nothing."""
    kind = reader.values.get("auth-type", "")
    if not kind:
        return None
    if kind not in ("basic", "digest"):
        reader.refuse("auth-type", Outcome.DROPPED)
        return None
    layout = reader.values.get("auth-secret-type", "")
    if layout not in ("", "auth-file", "auth-map"):
        reader.refuse("auth-secret-type", Outcome.DROPPED)
        return None
    secret = reader.values.get("auth-secret", "").strip()
    if not secret:
        reader.refuse("auth-type", Outcome.DENIED)
    return Credentials(kind=kind, secret=secret, is_map=layout == "auth-map",
                       realm=reader.text("auth-realm", _REALM, Outcome.DROPPED))


def read_outer_auth(reader: Reader) -> OuterAuth | None:
    """auth-url; a text that is no URL closes the location."""
    url = reader.values.get("auth-url", "").strip()
    if not url:
        return None
    if not re.fullmatch(r"https?://[^\s/?#]+\S*", url) or ".." in url.partition("://")[2].partition("/")[0]:
        reader.refuse("auth-url", Outcome.DENIED)
        return None
    names = tuple(part.strip() for part in reader.values.get("auth-response-headers", "").split(",") if part.strip())
    method = reader.values.get("auth-method", "").strip()
    return OuterAuth(url=url, method=method or "GET", signin=reader.values.get("auth-signin", "").strip(),
                     signin_parameter=reader.values.get("auth-signin-redirect-param", "").strip() or "rd",
                     response_headers=names)


# the Secret -----------------------------------------------------------------------------------------------------

def users_in(credentials: Credentials, data: Mapping[str, bytes]) -> dict[str, str]:
    """User -> what is stored for them: the lines of key `auth`, or one key a user (rule K-3)."""
    if credentials.is_map:
        return {name: value.decode("utf-8", "replace").strip() for name, value in data.items()}
    found: dict[str, str] = {}
    for line in data.get("auth", b"").decode("utf-8", "replace").splitlines():
        name, colon, stored = line.strip().partition(":")
        if colon and not name.startswith("#"):
            found.setdefault(name, stored)
    return found


def judge(credentials: Credentials, users: Mapping[str, str], request: Request) -> Verdict:
    """Whether the request carries the credentials of one of the users."""
    header = request.header("authorization")
    if not header:
        return Verdict.MISSING
    kind, _, rest = header.partition(" ")
    if kind.lower() != credentials.kind:
        return Verdict.UNREADABLE
    return _basic(users, rest.strip()) if credentials.kind == "basic" else _digest(credentials, users, rest, request)


def challenge(credentials: Credentials) -> str:
    """The WWW-Authenticate header of a 401."""
    if credentials.kind == "digest":
        return f'Digest algorithm="MD5", qop="auth", realm="{credentials.realm}", nonce="{_nonce(credentials)}"'
    return f'Basic realm="{credentials.realm}"'


def _basic(users: Mapping[str, str], token: str) -> Verdict:
    try:
        name, colon, password = b64decode(token, validate=True).decode("utf-8").partition(":")
    except ValueError:  # no base64, or what it says is no UTF-8
        return Verdict.UNREADABLE
    if not colon:
        return Verdict.UNREADABLE
    if name not in users:
        return Verdict.NO_USER
    fits = is_password(password, users[name])
    return Verdict.NOT_MODELLED if fits is None else Verdict.RIGHT if fits else Verdict.WRONG


def is_password(password: str, stored: str) -> bool | None:
    """Whether a password is the stored one; None for a scheme that is not modelled (bcrypt, DES, SHA-crypt)."""
    data = password.encode()
    if stored.startswith(("$apr1$", "$1$")):
        _, magic, salt, *_ = stored.split("$")
        return hmac.compare_digest(_md5_crypt(data, salt.encode(), f"${magic}$".encode()).encode(), stored.encode())
    if stored.startswith("{PLAIN}"):
        return stored[7:] == password
    if stored.startswith("{SHA}"):
        return stored[5:] == b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
    if stored.startswith("{SSHA}"):
        try:
            whole = b64decode(stored[6:])
        except binascii.Error:
            return False
        return whole[:20] == hashlib.sha1(data + whole[20:], usedforsecurity=False).digest()
    return None


def _md5_crypt(password: bytes, salt: bytes, magic: bytes) -> str:
    """MD5-based crypt, Apache's and the original; 1000 rounds. Source: src/core/ngx_crypt.c, apr_md5.c (the method)."""
    salt = salt[:8]
    final = _md5(password + salt + password)
    mixed = password + magic + salt + (final * (len(password) // 16 + 1))[:len(password)]
    bits = len(password)
    while bits:
        mixed += b"\0" if bits & 1 else password[:1]
        bits >>= 1
    final = _md5(mixed)
    for turn in range(1000):
        text = password if turn & 1 else final
        text += salt if turn % 3 else b""
        text += password if turn % 7 else b""
        final = _md5(text + (final if turn & 1 else password))
    groups = [(final[a] << 16) | (final[b] << 8) | final[c]
              for a, b, c in ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))]
    text64 = "".join(_to64(group, 4) for group in groups) + _to64(final[11], 2)
    return f"{magic.decode()}{salt.decode()}${text64}"


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _to64(number: int, count: int) -> str:
    return "".join(_CRYPT64[(number >> (6 * index)) & 0x3F] for index in range(count))


# digest ---------------------------------------------------------------------------------------------------------

def _nonce(credentials: Credentials) -> str:
    """Random in a cluster; here always the same for one Secret and realm, so that equal input gives equal bytes."""
    return _md5(f"{credentials.secret} {credentials.realm}".encode()).hex()


def _digest(credentials: Credentials, users: Mapping[str, str], text: str, request: Request) -> Verdict:
    """The stored value is `realm:MD5(user:realm:password)`, as htdigest writes it."""
    fields = {found[1].lower(): found[2] or found[3] or "" for found in _FIELD.finditer(text)}
    name = fields.get("username", "")
    if name not in users:
        return Verdict.NO_USER
    realm, _, secret = users[name].rpartition(":")
    if fields.get("nonce") != _nonce(credentials) or realm not in ("", credentials.realm):
        return Verdict.WRONG
    asked = _md5(f"{request.method}:{fields.get('uri', '')}".encode("utf-8", "surrogateescape")).hex()
    middle = (f"{fields.get('nc', '')}:{fields.get('cnonce', '')}:{fields['qop']}:" if "qop" in fields else "")
    wanted = _md5(f"{secret}:{fields.get('nonce', '')}:{middle}{asked}".encode("utf-8", "surrogateescape")).hex()
    return Verdict.RIGHT if fields.get("response") == wanted else Verdict.WRONG
