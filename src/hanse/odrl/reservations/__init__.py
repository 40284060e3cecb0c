"""Reservations of text and data mining, read from what lies beside data: TDMRep, RSL, AIPREF, Croissant `usageInfo`.

Bytes and headers are handed in; nothing is fetched. The most restrictive statement wins, and what is not understood reserves.
"""
