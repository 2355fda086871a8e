"""What sessions may use: registered documents with their tools, and agents."""
