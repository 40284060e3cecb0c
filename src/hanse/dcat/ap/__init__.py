"""DCAT-AP 3: the European application profile of DCAT, as JSON-LD with its context inside."""
