"""How a participant of this server joins a space, gets its credentials, and leaves."""
