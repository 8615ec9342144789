"""Apps in a headless browser, and Jupyter kernels."""
