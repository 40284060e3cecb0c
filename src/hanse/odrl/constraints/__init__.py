"""The left operands that this engine can decide: one `Operand` each, found by name. Plug-ins add theirs (`hanse.constraints`)."""
