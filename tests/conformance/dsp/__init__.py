"""The connector under test, as the kit and our own replay of its cases meet it.

`scripts` says how it reacts, `adapter` runs it, `cases` are the 65 exchanges in our own words, `peer` is who plays them.
"""
