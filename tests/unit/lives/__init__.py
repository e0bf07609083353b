"""Lives of tickets, orders and reports, as Hypothesis makes them up, against models that share no code with us."""
