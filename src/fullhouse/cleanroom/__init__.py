"""The clean room: the only place where numbers about people become numbers for a tenant."""
