"""Realtime transcription over WebSocket, with the service's own flat protocol."""
