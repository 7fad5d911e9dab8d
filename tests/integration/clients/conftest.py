"""The scripts here are run by another interpreter, which has the clients; this one could not import them."""

collect_ignore_glob = ["*.py"]
