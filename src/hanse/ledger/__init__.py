"""The ledger: one append-only, signed log per participant, and the exchange of signed statements between participants."""
