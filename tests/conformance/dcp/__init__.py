"""The product as credential service, issuer and verifier of DCP 1.0, as the kits and our own replay of their cases meet it.

`adapter` runs it, `cases` gathers the exchanges of each version of the kit in our own words (`credential_service`, `issuer`,
`verifier`), `peer` is who plays the others: issuer, holder, verifier and a third party, each with a DID document of its own.
"""
