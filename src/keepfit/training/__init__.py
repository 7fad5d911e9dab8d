"""From labelled rows to a trained, tried candidate: snapshot, check, split, fit, evaluate."""
