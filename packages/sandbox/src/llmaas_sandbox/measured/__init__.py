"""Behavior of a measured service, read from the profile that ``llmaas probe --save`` wrote."""
