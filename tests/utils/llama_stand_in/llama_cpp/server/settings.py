class Settings:
    """As far as its fields are asked for."""

    model_fields = ("seed", "verbose")
