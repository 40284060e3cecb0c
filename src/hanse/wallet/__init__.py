"""A participant's keys: kept sealed, shown as a DID document, used to sign tokens and statements."""
