"""Messages to people: in the account, by e-mail, by SMS; rendered when sent, in their language and the tenant's brand."""
