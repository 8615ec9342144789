"""The contract of all adapters: driver, cases, registry."""
