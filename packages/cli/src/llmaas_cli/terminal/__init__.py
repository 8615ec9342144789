"""Terminal input and output: consoles, word wrapping, standard input, errors."""
