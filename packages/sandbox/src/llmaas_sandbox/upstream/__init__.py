"""Client of an OpenAI-compatible engine, and recorded exchanges with it."""
