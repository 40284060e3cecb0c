"""Signed statements that stay provable: DSSE envelopes, in-toto statements, Merkle trees and checkpoints. Pure."""
