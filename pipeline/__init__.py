"""winnow: a folder of saved pages and text dumps becomes a clean dataset of articles, with a ledger of every character."""

__version__ = "0.1.0"
