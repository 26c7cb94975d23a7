"""`python -m service.reader_process`: the process that parses Arrow and Parquet bodies for one api."""

import sys

from service.import_guard import LEARNING, OPTIONAL, keep_out

if __name__ == "__main__":
    keep_out(*LEARNING, *OPTIONAL)

    from service.web.formats.reader_process import serve

    serve(int(sys.argv[1]))
