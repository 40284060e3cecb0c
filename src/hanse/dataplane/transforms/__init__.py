"""What is changed in data before it is released: row by row, as a stream, in bounded memory."""
