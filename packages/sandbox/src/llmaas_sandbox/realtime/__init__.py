"""The realtime transcription socket: a flat protocol, not OpenAI's."""
