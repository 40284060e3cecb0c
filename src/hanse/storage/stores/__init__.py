"""The stores, written once for both engines."""
