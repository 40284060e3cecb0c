"""The one place where a use of data is decided and counted."""
