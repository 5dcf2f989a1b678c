"""Money is a whole number of cents: it is added up without rounding, and SQLite stores it as it is."""


def euros(cents: int) -> str:
    """``cents`` as a person writes it: ``1250`` is ``12.50 €``."""
    return f"{cents // 100:,}.{cents % 100:02} €"
