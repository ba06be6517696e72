"""What the coins prove: pure functions and folds over logged coins, outcomes and predictions."""
