"""`python -m service.reader_process`: parses Arrow and Parquet bodies for one API process."""

import sys

from service.system.import_guard import OPTIONAL, TRAINING_LIBRARIES, block_imports

if __name__ == "__main__":
    block_imports(*TRAINING_LIBRARIES, *OPTIONAL)

    from service.web.formats.reader_process import serve

    serve(int(sys.argv[1]))
