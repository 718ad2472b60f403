"""Accounts, credentials, second factor, sessions, patient categories, professionals, dependants."""
