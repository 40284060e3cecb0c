"""The factory's own role: collections of providers, kept here under one agreement each, up to date, and purged when that ends."""
