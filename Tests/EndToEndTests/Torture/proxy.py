"""What stands between the processes and their server: it can cut a session, hold it up, and lose what is sent at a commit."""

import os
import random
import socket
import threading
import time


class Proxy:
    """Listens in a folder of its own; whoever takes that for the server's is passed on to it."""

    def __init__(self, server_folder):
        self.folder = server_folder + "/proxy"
        os.mkdir(self.folder)
        self.upstream = server_folder + "/.s.PGSQL.5432"
        self.sessions = []
        self.lock = threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.folder + "/.s.PGSQL.5432")
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.upstream)
            except OSError:
                # As if there were no server, which there is not just now.
                client.close()
                continue
            session = Session(client, server)
            with self.lock:
                self.sessions = [other for other in self.sessions if not other.is_over] + [session]

    def some_session(self, number):
        with self.lock:
            there = [session for session in self.sessions if not session.is_over]
        return there[int(number * len(there))] if there else None

    def hold_all(self, seconds):
        with self.lock:
            for session in self.sessions:
                session.hold(seconds)


class Session:
    """A client's connection and the one to the server that belongs to it."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.is_over = False
        self._held_until = 0.0
        # How many bytes of the server's still pass; None: all.
        self._left = None
        # What happens when the client sends its next COMMIT: nothing, or it is lost, or its answer is.
        self._at_commit = None
        for source, sink, pass_on in ((client, server, self._ask), (server, client, self._answer)):
            threading.Thread(target=self._pump, args=(source, sink, pass_on), daemon=True).start()

    def hold(self, seconds):
        self._held_until = time.monotonic() + seconds

    def cut_after(self, bytes_):
        self._left = bytes_

    def lose_commit(self, keeps_question):
        self._at_commit = "answer" if keeps_question else "question"

    def close(self):
        self.is_over = True
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _pump(self, source, sink, pass_on):
        try:
            while not self.is_over:
                data = source.recv(1 << 16)
                while time.monotonic() < self._held_until:
                    time.sleep(0.05)
                if not data or not pass_on(data, sink):
                    break
        except OSError:
            pass
        self.close()

    def _ask(self, data, server):
        # A simple query, as a commit always is, comes in one piece.
        is_commit = self._at_commit and b"commit" in data[:64].lower()
        if is_commit and self._at_commit == "question":
            return False
        if is_commit:
            self._left = 0
        server.sendall(data)
        return True

    def _answer(self, data, client):
        if self._left is None:
            client.sendall(data)
            return True
        client.sendall(data[:self._left])
        self._left -= len(data)
        return self._left > 0


def misbehave(proxy, number):
    """One fault on one session, or on all; a number between 0 and 1 says which."""
    source = random.Random(number)
    session = proxy.some_session(source.random())
    if not session:
        return
    kind = source.choice(("cut", "cut later", "held", "all held", "commit lost", "answer lost", "answer lost"))
    if kind == "cut":
        session.close()
    elif kind == "cut later":
        session.cut_after(source.randrange(1, 50000))
    elif kind == "held":
        session.hold(source.uniform(0.2, 10))
    elif kind == "all held":
        proxy.hold_all(source.uniform(0.2, 5))
    else:
        session.lose_commit(kind == "answer lost")
