"""What the boundary score sees: one row a gap between two blocks of an undelimited text.

`characters` are classes of code points, `signs` what a line looks like, `links` which words go on across a gap, `table` puts
them side by side, `again` adds what the first look thought of the neighbours.
"""

from pathlib import Path

VOCABULARIES = (Path(__file__).with_name("words.toml"),)
