"""What every layer shares: errors, settings, values, tables, sets of persons."""
