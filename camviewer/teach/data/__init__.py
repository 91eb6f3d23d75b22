"""Pictures to teach with: read, told apart, held out, kept."""
