"""Verifiable credentials and presentations, secured with JOSE: VC 2.0 (vc-jose-cose) and VC 1.1 as JWT. Pure: no I/O, no clock."""
