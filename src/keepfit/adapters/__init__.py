"""Where keepfit touches the world: databases, registries, files and messages, each behind a port."""
