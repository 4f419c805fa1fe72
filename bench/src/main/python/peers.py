"""Times PyTorch, and by it cuBLAS and cuDNN, on the cases that `tatara bench --peers` sends.

Talks in lines of JSON over standard input and output: one request a line, one answer a line.

  {"cmd": "hello", "device": "cuda" | "cpu", "name", "index", "threads", "quick"}
      -> {"facts": {...}} or {"absent": "why there are no peers"}
  {"cmd": "case", "op", "name", "attributes", "inputs", "outputs", "arithmetic", "sets", "samples"}
  {"cmd": "step", "model", "facts", "source", ..., "samples"}
      -> {"peers": [{"name", "samples": [seconds]} | {"name", "failure"}, ...]}; none for an op that nobody has
         {"failure": "why"} where the request cannot be understood

Alone: `python peers.py --self-test` times a few small cases and prints what it found.
"""

import json
import os
import sys
import traceback


def last_line(e):
    """An exception in one line."""
    text = "".join(traceback.format_exception_only(type(e), e)).strip()
    lines = [line for line in text.splitlines() if line.strip()]
    return (lines[0] if lines else type(e).__name__)[:500]


class Session:
    """What is known after `hello`."""

    def __init__(self):
        self.torch = None
        self.device = None
        self.clock = None
        self.quick = False

    def hello(self, r):
        """Loads PyTorch and chooses the device; says in one sentence where that is not possible."""
        try:
            import torch
        except ImportError as e:
            return {"absent": "%s has no PyTorch (%s)" % (sys.executable, last_line(e))}
        import peer_timing

        self.torch = torch
        self.quick = bool(r.get("quick"))
        facts = {
            "python": sys.version.split()[0],
            "torch": str(torch.__version__),
            "cuda": str(torch.version.cuda),
        }
        if r.get("device") == "cuda":
            if not torch.cuda.is_available():
                return {"absent": "PyTorch %s sees no CUDA device" % torch.__version__}
            index = self.choose(r)
            self.device = torch.device("cuda", index)
            torch.cuda.set_device(index)
            facts["device"] = torch.cuda.get_device_name(index)
            facts["cudnn"] = str(torch.backends.cudnn.version())
            self.clock = peer_timing.CudaClock(torch)
        else:
            self.device = torch.device("cpu")
            if str(r.get("threads") or "").isdigit():
                torch.set_num_threads(int(r["threads"]))
            facts["device"] = "cpu, %d threads" % torch.get_num_threads()
            self.clock = peer_timing.CpuClock()
        return {"facts": facts}

    def choose(self, r):
        """The CUDA device of that name, at that place if it is there: orders differ between libraries."""
        count = self.torch.cuda.device_count()
        names = [self.torch.cuda.get_device_name(i) for i in range(count)]
        index = int(r.get("index") or 0)
        wanted = str(r.get("name") or "")
        if index < count and names[index] == wanted:
            return index
        return names.index(wanted) if wanted in names else min(index, count - 1)

    def precision(self, arithmetic):
        """float32 strict unless the case allows TF32; half sums are not shortened."""
        tf32 = arithmetic == "tf32"
        backends = self.torch.backends
        backends.cuda.matmul.allow_tf32 = tf32
        backends.cudnn.allow_tf32 = tf32
        backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
        backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False

    def case(self, r):
        import peer_ops

        self.precision(r["arithmetic"])
        return self.measure(peer_ops.peers(self, r), r)

    def step(self, r):
        import peer_models

        self.precision("float32")
        return self.measure(peer_models.peers(self, r), r)

    def measure(self, peers, r):
        """Times each peer; one that fails stands with its reason and leaves the others their turn."""
        answer = []
        for peer in peers:
            try:
                samples = self.clock.measure(peer, int(r.get("sets") or 1), int(r["samples"]), self.quick)
                answer.append({"name": peer.name, "samples": samples})
            except Exception as e:  # whatever a library throws is that peer's result
                answer.append({"name": peer.name, "failure": last_line(e)})
            finally:
                peer.make = None
                self.forget()
        return {"peers": answer}

    def forget(self):
        """Gives memory back, which we share with the other process."""
        import gc

        gc.collect()
        if self.device is not None and self.device.type == "cuda":
            self.torch.cuda.empty_cache()

    def answer(self, r):
        commands = {"hello": self.hello, "case": self.case, "step": self.step}
        command = commands.get(r.get("cmd"))
        if command is None:
            return {"failure": "no command %r" % r.get("cmd")}
        return command(r)


def serve(lines, out):
    session = Session()
    for line in lines:
        if not line.strip():
            continue
        try:
            answer = session.answer(json.loads(line))
        except Exception as e:  # an answer must come, else the other side waits
            answer = {"failure": last_line(e)}
        out.write(json.dumps(answer) + "\n")
        out.flush()


def self_test():
    session = Session()
    import_ok = session.hello({"device": "cuda", "quick": True})
    if "absent" in import_ok:
        print(import_ok["absent"])
        import_ok = session.hello({"device": "cpu", "quick": True})
    print(json.dumps(import_ok))
    if "absent" in import_ok:
        return 1
    spec = {"dtype": "float32", "shape": [64, 64]}
    epilogue = {"type": "Epilogue", "activation": "NONE"}
    case = {
        "cmd": "case", "op": "matmul", "name": "self-test", "arithmetic": "float32", "sets": 2, "samples": 5,
        "attributes": {"transposeA": False, "transposeB": True, "epilogue": epilogue, "precision": "STRICT"},
        "inputs": [spec, spec, None, None], "outputs": [spec],
    }
    answer = session.answer(case)
    print(json.dumps(answer))
    return 0 if all("samples" in p for p in answer.get("peers", [{}])) else 1


def main():
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    if "--self-test" in sys.argv[1:]:
        return self_test()
    # What libraries print must not get between the answers: it goes to standard error.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.stdin, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
