"""How much a daemon bears: orders, lists, reports and tickets a second, with everything durable and it planning."""
