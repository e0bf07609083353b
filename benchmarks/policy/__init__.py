"""The release policy beside what the products on the market do, on recorded weeks."""
