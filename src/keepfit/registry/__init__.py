"""Model versions, the digests that they are verified by, and who was champion when."""
