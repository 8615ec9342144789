"""``python cookbooks/fastapi``: serve until SIGTERM, then let running answers finish."""

from __future__ import annotations

import uvicorn

from app import create_app
from config import Config
from gate import Gate, PatientServer


def main() -> None:
    """Serve."""
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
