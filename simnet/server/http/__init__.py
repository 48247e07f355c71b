"""HTTP and HTTPS into a simulated cluster. Bytes are read and written by pure parts (`reading`, `writing`,
`conversation`); `wires` has the sockets, `secure` the real TLS."""
