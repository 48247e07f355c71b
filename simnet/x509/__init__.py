"""Certificates and private keys, read and made with nothing but the standard library's hashes.

Read: `certificate.read_certificates`, `key.read_private_key`, and both together as a Secret of type
kubernetes.io/tls holds them: `pair.read_tls_pair`. Make, for tests and stories only: `make.make_certificate`,
`make.fake_certificate`. Below them stand `pem` (text blocks), `der` (bytes), `ec` (curve arithmetic), `public`
(public keys) and `distinguished` (subject and issuer names).

No chain is verified here and nothing is kept secret: the arithmetic takes different time for different keys.
"""
