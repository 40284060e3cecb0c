"""Fetches the data of a started pull into this server: by difference, verified on the way, through the guard."""
