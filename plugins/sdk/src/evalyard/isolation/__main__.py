"""`python -m evalyard.isolation FD`: serve the worker at the other end of the socket FD."""

import faulthandler
import os
import socket
import sys

from evalyard.isolation._serving import serve
from evalyard.isolation._wire import Channel

# What a crash in C code was doing is told on stderr, which the worker logs.
faulthandler.enable()
descriptor = int(sys.argv[1])
# A process that the plugin starts must not hold the worker's line open.
os.set_inheritable(descriptor, False)
with socket.socket(fileno=descriptor) as connection:
    serve(Channel(connection))
