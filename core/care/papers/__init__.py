"""Papers: documents that leave the portal, in the tenant's brand, and the seal by which a change is detected."""
