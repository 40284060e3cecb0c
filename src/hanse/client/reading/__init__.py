"""Reading stored versions in the user's own process: decrypted here, checked frame by frame, with no server in between."""
