"""Commands of the command line that are no part of running a file: each registers itself."""
