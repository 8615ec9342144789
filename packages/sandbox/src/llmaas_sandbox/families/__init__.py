"""Rules of the model families: conversations that a model's chat template or engine refuses."""
