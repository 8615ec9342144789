"""The way of a request through the sandbox: intake, key, rules, answer, delivery."""
