"""The JSON API: what its operations share (problems, sign-in by bearer, idempotency, cursors, OpenAPI) and version 1."""
