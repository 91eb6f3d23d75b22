"""Pictures from wherever they come: each source yields Frames."""
