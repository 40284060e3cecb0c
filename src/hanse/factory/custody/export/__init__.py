"""Evidence archives: what goes into one is collected here, from whoever has it."""
