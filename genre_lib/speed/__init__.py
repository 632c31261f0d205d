"""The network's mathematics, faster on a CPU."""
