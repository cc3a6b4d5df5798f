"""Fovea in the frameworks that agents are written in: pip install fovea-memory[NAME] brings the framework."""
