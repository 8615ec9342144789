"""Server with graceful shutdown: ``python cookbooks/fastapi``."""

from __future__ import annotations

import uvicorn

from app import create_app
from config import Config
from gate import Gate, PatientServer


def main() -> None:
    """Serve until SIGTERM, then finish running requests."""
    config = Config.of_environment()
    gate = Gate(config)
    settings = uvicorn.Config(
        create_app(config, gate),
        host=config.host,
        port=config.port,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    PatientServer(settings, gate).run()


if __name__ == "__main__":
    main()
