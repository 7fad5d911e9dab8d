"""One verb a file, each a short script: load, decide, save."""
