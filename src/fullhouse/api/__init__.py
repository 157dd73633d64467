"""The HTTP API: routes as rows of a table, each a use case for the house or for a tenant."""
