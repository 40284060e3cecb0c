"""The measures that come with Hanse, one module per question that the AI Act or a user asks."""
