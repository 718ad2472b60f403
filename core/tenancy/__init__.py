"""Tenants: the folder, its revisions, host resolution, isolation, theme, keys, receipts."""
