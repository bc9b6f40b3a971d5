"""What the budget costs, whether it holds, and how near it comes to the best."""
