"""Where bytes are: files, folders and HTTP addresses, each confined to what its participant may offer."""
