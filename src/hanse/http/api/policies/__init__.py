"""The management interface of policies: what they mean, who could do what, and how two of them compare."""
