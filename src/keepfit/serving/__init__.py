"""The hot path: hold the released versions, decode, predict, record, answer. It knows no HTTP."""
