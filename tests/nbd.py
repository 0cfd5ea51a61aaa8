"""A disk that is served over a socket, and can be silent: an NBD server for one image and one machine.

QEMU (7.2) cannot reset an IDE or AHCI port while the disk behind it has something to do: it waits for
that, and all of the machine with it. So a disk that never answers is one whose every answer comes so
late that the machine has reset the port long before: QEMU waits, throws the late answer away, and the
machine has seen nothing but silence. The answers that are still owed when the silence ends are given
at once.

The protocol is that of the NBD project's doc/proto.md: the fixed newstyle handshake, simple replies.
"""

import os
import socket
import struct
import threading
import time

SILENCE = 3  # seconds; tests have block.timeout=1

OPTION, REPLY = 0x49484156454F5054, 0x3E889045565A9     # "IHAVEOPT"
OPTION_EXPORT_NAME, OPTION_ABORT, OPTION_GO = 1, 2, 7
ACKNOWLEDGED, INFORMATION, UNSUPPORTED = 1, 3, 1 << 31 | 1
HAS_FLAGS_AND_FLUSH = 1 | 4
REQUEST, ANSWER = 0x25609513, 0x67446698
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
EINVAL = 22


class Server:
    """Listens at the path of a socket from when it is made until close()."""

    def __init__(self, image, path):
        self.file = os.open(image, os.O_RDWR)
        self.size = os.fstat(self.file).st_size
        self.changed = threading.Condition()
        self.silent = False
        self.sending = threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.client = None
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def be_silent(self, silent):
        with self.changed:
            self.silent = silent
            self.changed.notify_all()

    def close(self):
        self.be_silent(False)
        for one in (self.client, self.listener):
            try:
                if one:
                    one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass    # nobody had connected, or has gone
        self.thread.join()
        self.listener.close()
        if self.client:
            self.client.close()
        os.close(self.file)

    # --- the connection

    def _receive(self, size):
        data = b""
        while len(data) < size:
            part = self.client.recv(size - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data

    def _send(self, data):
        with self.sending:
            self.client.sendall(data)

    def _serve(self):
        try:
            self.client = self.listener.accept()[0]
            if self._handshake():
                while self._one_request():
                    pass
        except OSError:
            pass    # the machine was ended

    def _handshake(self):
        """True when the client wants the disk."""
        self._send(b"NBDMAGIC" + struct.pack(">QH", OPTION, 1))
        self._receive(4)
        while True:
            magic, option, length = struct.unpack(">QII", self._receive(16))
            self._receive(length)
            assert magic == OPTION and option != OPTION_EXPORT_NAME
            if option == OPTION_GO:
                export = struct.pack(">HQH", 0, self.size, HAS_FLAGS_AND_FLUSH)
                self._reply(option, INFORMATION, export)
                self._reply(option, ACKNOWLEDGED)
                return True
            if option == OPTION_ABORT:
                self._reply(option, ACKNOWLEDGED)
                return False
            self._reply(option, UNSUPPORTED)

    def _reply(self, option, kind, data=b""):
        self._send(struct.pack(">QIII", REPLY, option, kind, len(data)) + data)

    # --- requests

    def _one_request(self):
        """False when it was the last."""
        magic, _, kind, cookie, at, size = struct.unpack(">IHHQQI", self._receive(28))
        assert magic == REQUEST
        data = self._receive(size) if kind == WRITE else b""
        if kind == DISCONNECT:
            return False
        if self.silent:
            threading.Thread(target=self._answer_late, args=(kind, cookie, at, size, data),
                             daemon=True).start()
        else:
            self._answer(kind, cookie, at, size, data)
        return True

    def _answer_late(self, *request):
        end = time.monotonic() + SILENCE
        with self.changed:
            self.changed.wait_for(lambda: not self.silent, end - time.monotonic())
        try:
            self._answer(*request)
        except OSError:
            pass    # the machine was ended

    def _answer(self, kind, cookie, at, size, data):
        error, content = 0, b""
        if kind == READ:
            content = os.pread(self.file, size, at)
        elif kind == WRITE:
            os.pwrite(self.file, data, at)
        elif kind != FLUSH:
            error = EINVAL
        self._send(struct.pack(">IIQ", ANSWER, error, cookie) + content)
