"""The Dataspace Protocol, pure: messages, the two transition tables, and one module per protocol version."""
