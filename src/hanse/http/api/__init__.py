"""The management interface, `/api/v1`: what operators and their programs ask of their own participant."""
