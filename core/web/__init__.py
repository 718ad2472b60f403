"""What pages share: host resolution, security headers, CSRF, errors, theme, public pages of a portal."""
