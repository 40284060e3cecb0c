"""The anchor as an issuer: who may have which credential, the credentials, the lists of what does not count any more, renewal."""
