"""What a participant proves itself by: its keys, kept sealed, and its credentials, presented to those who may see them."""
