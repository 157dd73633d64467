"""Facts as sentences: one file for each stage, each sentence a template with named places."""
