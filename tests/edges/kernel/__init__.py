"""A cluster's nodes, pods and outside hosts as network namespaces of the real kernel.

The namespaces have no names: they live as long as this process holds their descriptors, so whatever happens nothing
of them stays behind, and nothing of the host's own network is touched.
"""
