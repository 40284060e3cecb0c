"""From text to what a model reads: a tokenizer, brought or trained, and shards of a fixed context length."""
