"""The closed list that every layer may use: errors, ids, clock, tenant. Nothing else ever."""
