"""Rights over one's data: requests with a clock, directives after death, proofs, recipients, and how long data are kept."""
