"""Opening stored versions: decided, counted and logged; leases for nodes without network."""
