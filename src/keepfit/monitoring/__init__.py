"""Windows of evidence held against a reference, and the findings that come of it."""
