"""Money: the ledger, tariffs, and the narrow interface by which care holds and releases amounts."""
