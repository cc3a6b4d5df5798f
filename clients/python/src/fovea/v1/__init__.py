"""The messages of the API, generated from proto/fovea/v1."""
