"""Pages, charts and words: facts as people read them. Each stands in the module of its topic."""
