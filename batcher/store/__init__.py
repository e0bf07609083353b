"""What has happened and been decided, on disk: tables, transactions, and plain functions over them."""
