"""What the coins prove: bets on them, exact tests beside them, and how many units a proof takes."""
