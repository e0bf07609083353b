"""How decisions reach the stations and their reports come back."""
