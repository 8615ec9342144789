"""Standard streams of a terminal: consoles, wrapped text, standard input, errors."""
