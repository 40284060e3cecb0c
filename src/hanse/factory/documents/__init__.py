"""Documents made from what is known: Croissant, datasheet, data card, data management plan, bills of material."""
