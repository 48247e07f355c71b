"""What can be wrong with a certificate or a key; each is a `ManifestError` and a `ValueError`."""

from __future__ import annotations

from dataclasses import replace

from simnet.errors import ManifestError, Place, Problem


class X509Error(ManifestError, ValueError):
    """A certificate, a key or a pair of them that cannot be used."""

    def placed(self, place: Place, object: str) -> list[Problem]:
        """The problems again, saying where the bytes came from (`place`) and what they were read as (`object`)."""
        return [replace(problem, place=place, object=object) for problem in self.problems]


class DerError(X509Error):
    """Bytes that are not the DER structure they should be; `field` is the path inside it."""


class PemError(X509Error):
    """Text that is not PEM, or has no block of the kind wanted."""


class UnusableKey(X509Error):
    """A private key that is encrypted, contradicts itself, or is an `UnknownAlgorithm`."""


class UnknownAlgorithm(UnusableKey):
    """A private key that is in order as far as can be told, but of an algorithm that is not modelled."""
