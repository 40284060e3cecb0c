"""The trust anchor: it writes the rulebook of its space, decides who is a member, issues credentials and takes them back."""
