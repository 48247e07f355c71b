"""Servers on loopback ports. Each has a core of pure functions (bytes to bytes) and shares the sockets of `listen.py`."""
