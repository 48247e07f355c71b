"""DNS: the cluster's server, the files the kubelet writes, and the resolvers of the programs that ask."""
