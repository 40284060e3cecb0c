"""Backup and restore: what is kept, what a restore must never bring back, and what waits for a person's word."""
