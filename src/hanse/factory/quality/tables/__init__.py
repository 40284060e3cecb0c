"""Tables as they are measured: found among files, read lazily by Polars, with what each column holds."""
