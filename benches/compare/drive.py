"""Load over the Postgres wire: processes with a few connections each, every connection in a closed loop. Keeps the time of every
request, compares every answer with the one it should be, and counts its own processor time. Never shares a thread between
measuring and anything else."""

import heapq
import multiprocessing
import random
import select
import time
import zlib
from dataclasses import dataclass, field

import machine
import wire


@dataclass
class Lane:
    """What one connection does: `requests` in random order until time is over, or each once; after each a pause of random length."""

    requests: list  # or whatever has a length and items; its `before`, if any, makes them and says what to send first
    expected: list = None  # checksums of the answers; without them an answer only must not be an error
    once: bool = False
    pause: float = 0.0  # mean, in seconds
    seed: int = 0
    latencies: list = field(default_factory=list)


class Runner:
    """A lane under way."""

    def __init__(self, lane, port):
        self.lane, self._random = lane, random.Random(lane.seed)
        self.socket = wire.connect(port)
        first = getattr(lane.requests, "before", lambda: None)()
        if first:
            wire.check(wire.ask(self.socket, first))
        self._received, self._number, self._next, self._begin = bytearray(), 0, 0, 0.0

    def send(self):
        """Sends the next request; whether there was one."""
        lane = self.lane
        if lane.once and self._next == len(lane.requests):
            return False
        self._number = self._next if lane.once else self._random.randrange(len(lane.requests))
        self._next += 1
        request = lane.requests[self._number]
        self._received.clear()
        self._begin = time.perf_counter()
        self.socket.sendall(request)
        return True

    def receive(self):
        """Takes what has come; whether that ends an answer."""
        part = self.socket.recv(1 << 18)
        if not part:
            raise wire.WireError("the server closed the connection")
        self._received += part
        if not wire.is_ready(self._received):
            return False
        self.lane.latencies.append(time.perf_counter() - self._begin)
        expected = self.lane.expected
        if expected is None or zlib.crc32(self._received) != expected[self._number]:
            wire.check(bytes(self._received))
            if expected is not None:
                raise wire.WireError(f"a wrong answer to {self.lane.requests[self._number]!r}")
        return True

    def pause(self):
        """How long to wait before the next request."""
        return self._random.expovariate(1 / self.lane.pause) if self.lane.pause else 0.0


def turn(runners, seconds):
    """Keeps all lanes busy for a time and lets what is under way end."""
    poll, by_file = select.epoll(), {runner.socket.fileno(): runner for runner in runners}
    begin = time.perf_counter()
    end, under_way, due = begin + seconds, 0, []
    for file, runner in by_file.items():
        poll.register(file, select.EPOLLIN)
        heapq.heappush(due, (begin + runner.pause(), file))
    while under_way or (due and due[0][0] < end):
        now = time.perf_counter()
        while due and due[0][0] <= min(now, end):
            under_way += by_file[heapq.heappop(due)[1]].send()
        wait = max(due[0][0] - now, 0.0) if due else 60.0
        for file, _ in poll.poll(wait):
            if by_file[file].receive():
                under_way -= 1
                heapq.heappush(due, (time.perf_counter() + by_file[file].pause(), file))
    return time.perf_counter() - begin


def _process(port, lanes, seconds, barrier, pipe):
    try:
        runners = [Runner(lane, port) for lane in lanes]
        barrier.wait(120)
        before, busy = time.process_time(), machine.busy_seconds()
        took = turn(runners, seconds)
        pipe.send((took, time.process_time() - before, machine.busy_seconds() - busy, [lane.latencies for lane in lanes]))
    except Exception as error:  # belongs to the report of the process that asked
        barrier.abort()
        pipe.send(f"{type(error).__name__}: {error}")


def received(pipe):
    """What a process says, or that it ended without a word."""
    try:
        return pipe.recv()
    except EOFError:
        return "a client process ended"


def spread(lanes, processes=2):
    """Lanes dealt to so many processes."""
    return [group for group in (lanes[start::processes] for start in range(processes)) if group]


def drive(port, groups, seconds):
    """Runs all lanes at once, each group of them in a process of its own, in which a large request keeps the others waiting. Gives the
    seconds it took, the clients' processor seconds and those of the whole machine; lanes get their latencies."""
    context = multiprocessing.get_context("spawn")
    barrier, started = context.Barrier(len(groups)), []
    for group in groups:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_process, args=(port, group, seconds, barrier, theirs), daemon=True)
        process.start()
        theirs.close()
        started.append((process, ours, group))
    answers = [received(pipe) for _, pipe, _ in started]
    for process, _, _ in started:
        process.join(30)
    problems = [text for text in answers if isinstance(text, str)]
    if problems:
        raise wire.WireError(sorted(problems, key=lambda text: "Broken" in text)[0])
    for (_, _, group), (*_, latencies) in zip(started, answers):
        for lane, times in zip(group, latencies):
            lane.latencies = times
    tooks, owns, busy, _ = zip(*answers)
    return max(tooks), sum(owns), max(busy)
