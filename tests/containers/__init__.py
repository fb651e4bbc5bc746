"""Compose, image and Kubernetes manifests against the code that they run: read, never started."""
