"""What a model is given: documents in sections and chunks, splits, instructions and labels, and files of records."""
