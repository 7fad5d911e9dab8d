"""A closed-loop load generator of our own: HTTP/1.1 by hand on asyncio, this machine only, bounded in count and time."""
