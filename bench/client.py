"""Asks both ports of OpenAlgo all the time, as its users do."""

import asyncio
import base64
import os
import threading
import time

LONGEST = 900  # s that a wait for an answer may take
UNANSWERED = 20  # questions: more would keep a busy machine from ever answering in time


class Client:
    """Polls HTTP and one WebSocket, and keeps the times of right answers.

    Downtime is from the last right answer of either port to the moment when both
    answer again. The other sockets only stay connected, and count their drops.
    """

    def __init__(self, web, websocket, every=0.05, sockets=0):
        self.web, self.websocket, self.every = web, websocket, every
        self.answers = {"http": [], "websocket": []}
        self.dropped = 0
        self.connected = 0
        self.sockets = sockets
        self.loop = asyncio.new_event_loop()
        self.ended = False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.until_both()
        deadline = time.monotonic() + LONGEST
        while self.connected < self.sockets + 1:
            _pause(deadline, "not every WebSocket could connect")
        return self

    def __exit__(self, *_):
        self.ended = True
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def until_both(self):
        """Waits until both ports have answered after this moment."""
        since, deadline = time.monotonic(), time.monotonic() + LONGEST
        while not all(times and times[-1] > since for times in self.answers.values()):
            _pause(deadline, f"no answer on the ports {self.web} and {self.websocket}")

    def downtime(self):
        """The longest time without a right answer from both, less the pause between two questions."""
        gaps = [_longest_gap(sorted(times)) for times in self.answers.values()]
        begin, end = min(a for a, _ in gaps), max(b for _, b in gaps)
        if max(a for a, _ in gaps) > min(b for _, b in gaps):  # not the same gap
            begin, end = max(gaps, key=lambda gap: gap[1] - gap[0])
        return max(0.0, end - begin - self.every)

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.create_task(self._poll_http())
        self.loop.create_task(self._socket(self.every, self.answers["websocket"]))
        for _ in range(self.sockets):
            self.loop.create_task(self._socket(0.5, []))
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    async def _poll_http(self):
        """Each question is a task of its own: one that is lost holds up no other."""
        asked = set()
        while True:
            if len(asked) < UNANSWERED:
                task = self.loop.create_task(self._ask())
                asked.add(task)
                task.add_done_callback(asked.discard)
            await asyncio.sleep(self.every)

    async def _ask(self):
        writer = None
        try:
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.web)
                writer.write(b"GET /auth/check-setup HTTP/1.0\r\nHost: localhost\r\n\r\n")
                text = await reader.read()
            if text.startswith(b"HTTP/1.") and text[8:12] == b" 200" and b"needs_setup" in text:
                self.answers["http"].append(time.monotonic())
        except (OSError, TimeoutError):
            pass
        finally:
            if writer:
                writer.close()

    async def _socket(self, every, times):
        """Keeps a WebSocket, and connects again when it is dropped."""
        while True:
            writer = None
            open_ = False
            try:
                reader, writer = await _handshake(self.websocket)
                open_ = True
                self.connected += 1
                while True:
                    await _echo(reader, writer)
                    times.append(time.monotonic())
                    await asyncio.sleep(every)
            except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
                if open_ and not self.ended:
                    self.dropped += 1
                    self.connected -= 1
                await asyncio.sleep(0.05)
            finally:
                if writer:
                    writer.close()


def _pause(deadline, problem):
    if time.monotonic() > deadline:
        raise SystemExit(f"bench: {problem} within {LONGEST} s")
    time.sleep(0.02)


def _longest_gap(times):
    if len(times) < 2:
        raise SystemExit("bench: a port never answered twice")
    return max(zip(times, times[1:]), key=lambda gap: gap[1] - gap[0])


async def _handshake(port):
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(f"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        try:
            answer = await reader.readuntil(b"\r\n\r\n")
        except BaseException:
            writer.close()
            raise
        if b" 101 " not in answer.split(b"\r\n")[0]:
            writer.close()
            raise ValueError("no WebSocket")
    return reader, writer


async def _echo(reader, writer):
    """Sends one masked frame of text, and reads until it comes back."""
    text, mask = os.urandom(4).hex().encode(), os.urandom(4)
    writer.write(bytes([0x81, 0x80 | len(text)]) + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(text)))
    async with asyncio.timeout(30):  # as long as OpenAlgo's own ping waits
        while True:
            head = await reader.readexactly(2)
            size = head[1] & 0x7F
            if size > 125:
                raise ValueError("a frame that nobody asked for")
            body = await reader.readexactly(size)
            kind = head[0] & 0x0F
            if kind == 8:
                raise ConnectionResetError("closed")
            if kind == 9:  # ping
                writer.write(bytes([0x8A, 0x80 | size]) + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(body)))
            elif body == text:
                return
