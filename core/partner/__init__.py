"""What the parties behind a portal see of it, and where their administrators edit it."""
