"""What is wrong, named from the findings: the remedy follows from the cause."""
