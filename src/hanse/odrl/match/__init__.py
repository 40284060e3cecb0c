"""Whether one policy covers another: regions and boxes, their comparison, and the terms that both would do with."""
