"""What a run leaves behind: terminal tables, files, provenance. No arithmetic on populations."""
