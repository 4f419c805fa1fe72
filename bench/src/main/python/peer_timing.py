"""Clocks. As the Java side: warm-up, one run a sample, as many sets of tensors as there, taken in turn."""

import time


class Peer:
    """One way to do a case.

    make() lays out one set of tensors and returns run, or (prepare, run): prepare() is not timed and what it
    returns goes to run.
    """

    def __init__(self, name, make):
        self.name = name
        self.make = make
        self.wall = False


class Clock:
    WARM_SECONDS = 0.3
    MOST_SECONDS = 30.0

    def measure(self, peer, sets, samples, quick):
        if peer.wall:
            return self.steps(peer.make(), samples)
        works = [self.work(peer.make()) for _ in range(max(1, sets))]
        host = self.warm(works, quick)
        taken = []
        kept = [None] * len(works)  # results stay until the set's next turn, so that outputs rotate too
        end = time.perf_counter() + self.MOST_SECONDS
        for i in range(samples):
            if i >= 5 and time.perf_counter() > end:
                break
            at = i % len(works)
            seconds, kept[at] = self.sample(works[at], host)
            taken.append(seconds)
        return taken

    def steps(self, run, samples):
        """The host's clock from one drained device to the next, for whole training steps."""
        taken = []
        for i in range(samples + 5):
            self.drain()
            begin = time.perf_counter()
            run()
            self.drain()
            if i >= 5:  # warm by now
                taken.append(time.perf_counter() - begin)
        return taken

    @staticmethod
    def work(made):
        return made if isinstance(made, tuple) else (None, made)

    @staticmethod
    def call(work, state):
        return work[1]() if work[0] is None else work[1](state)

    def warm(self, works, quick):
        """Runs until clocks and caches have settled; seconds that the host needs to issue a run."""
        host = float("inf")
        end = time.perf_counter() + (0.05 if quick else self.WARM_SECONDS)
        n = 0
        # Every set once, and at least three runs: compilers and libraries choose in the first ones.
        while n < max(3, len(works)) or (n < 50 and time.perf_counter() < end):
            work = works[n % len(works)]
            state = None if work[0] is None else work[0]()
            self.drain()
            begin = time.perf_counter()
            self.call(work, state)
            host = min(host, time.perf_counter() - begin)
            self.drain()
            n += 1
        return 1.5 * host + 20e-6


class CpuClock(Clock):
    def drain(self):
        pass

    def sample(self, work, host):
        state = None if work[0] is None else work[0]()
        begin = time.perf_counter()
        result = self.call(work, state)
        return time.perf_counter() - begin, result


class CudaClock(Clock):
    """Events around the run, which is issued while the device is kept busy: the device's time alone."""

    CYCLES = 10_000_000
    MOST_DELAY = 0.02

    def __init__(self, torch):
        self.torch = torch
        self.start = torch.cuda.Event(enable_timing=True)
        self.stop = torch.cuda.Event(enable_timing=True)
        torch.cuda._sleep(self.CYCLES)
        self.start.record()
        torch.cuda._sleep(self.CYCLES)
        self.stop.record()
        self.stop.synchronize()
        self.cycles_per_second = self.CYCLES / (self.start.elapsed_time(self.stop) * 1e-3)

    def drain(self):
        self.torch.cuda.synchronize()

    def sample(self, work, host):
        state = None if work[0] is None else work[0]()
        self.torch.cuda._sleep(int(min(host, self.MOST_DELAY) * self.cycles_per_second))
        self.start.record()
        result = self.call(work, state)
        self.stop.record()
        self.stop.synchronize()
        return self.start.elapsed_time(self.stop) * 1e-3, result

