"""Mirrors: collections of providers, kept up to date by difference, and served onward to the factory's own users."""
