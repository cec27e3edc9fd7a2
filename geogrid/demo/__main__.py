"""`python -m geogrid.demo FOLDER` writes the sample files of `data/` anew."""

import sys
from pathlib import Path

from geogrid.demo.samples import write_samples

if __name__ == "__main__":
    write_samples(Path(sys.argv[1]))
