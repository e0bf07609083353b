"""What engineers tune: the floor, the services and the batch rules, compiled from YAML into frozen values."""
