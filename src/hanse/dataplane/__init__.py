"""Data flows: access tokens, manifests, serving, pushing and receiving (after Data Plane Signaling, sections 2, 7 and 8)."""
