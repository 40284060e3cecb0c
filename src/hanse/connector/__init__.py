"""The connector: own offers, negotiations and transfers with peers, and the outbox that never loses a message."""
