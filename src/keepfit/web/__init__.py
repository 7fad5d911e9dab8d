"""HTTP: the bare ASGI path that predictions take, and the server around it."""
