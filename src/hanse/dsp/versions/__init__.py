"""Wire JSON <-> messages, one module per version of the protocol. Only `http` may import them."""
