"""Prescriptions: the physician's own document with its proof and code, the pharmacist's space, hand-over at the practice."""
