"""The list "Proof against" of the issue about trust, line by line, against whole servers on loopback. `test_lines` maps lines to tests."""
