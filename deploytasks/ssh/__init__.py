"""The way to a host, the same for Fabric and OpenSSH."""
