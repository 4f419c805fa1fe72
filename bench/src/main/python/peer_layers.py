"""Recurrent layers (cuDNN on a GPU) and optimizers: into the table of peer_ops."""

from peer_ops import NoPeer, op


def layer(c, kind, x, hidden, directions, **more):
    """An nn.RNN, nn.LSTM or nn.GRU of one layer in the case's dtype."""
    made = getattr(c.torch.nn, kind)(x[-1], hidden, bidirectional=directions == 2, **more)
    return made.to(device=c.device, dtype=c.dtype(0))


def name(c):
    return "cuDNN" if c.cuda else "torch eager"


def sequence(c, kind, states, w_hh, refused, **more):
    """The forward pass with what a backward pass needs (as ours saves it), and without."""
    c.absent(1, *refused)
    if c["direction"] == "REVERSE" or c["truncation"] != 0:
        raise NoPeer("PyTorch has neither reverse alone nor truncation")
    directions, _, hidden = c.shape(w_hh)

    def make(training):
        def work():
            x = c.normal(0)
            net = layer(c, kind, c.shape(0), hidden, directions, **more).train(training)
            start = [c.normal(i) if c.has(i) else None for i in states]
            start = None if None in start else start[0] if len(start) == 1 else tuple(start)

            def run():
                if training:
                    return net(x, start)
                with c.torch.inference_mode():
                    return net(x, start)

            return run

        return work

    return [(name(c), make(True)), (name(c) + " inference", make(False))]


def sequence_gradient(c, kind, states, w_hh, dy, refused, **more):
    c.absent(1, *refused)
    if c["direction"] == "REVERSE" or c["truncation"] != 0 or not c.has(dy):
        raise NoPeer("PyTorch has neither reverse alone nor truncation")
    torch = c.torch
    directions, _, hidden = c.shape(w_hh)

    def make():
        net = layer(c, kind, c.shape(0), hidden, directions, **more)
        x = c.normal(0, grad=True)
        start = [c.normal(i, grad=True) if c.has(i) else None for i in states]
        given = None if None in start else start[0] if len(start) == 1 else tuple(start)
        wanted = [x, *(s for s in start if s is not None and given is not None), *net.parameters()]
        gradient = c.normal(dy)

        def prepare():
            return net(x, given)[0]

        def run(y):
            return torch.autograd.grad(y, wanted, gradient, allow_unused=True)

        return prepare, run

    return [(name(c), make)]


def relu_or_tanh(c):
    if c["activation"] not in ("RELU", "TANH"):
        raise NoPeer("PyTorch's RNN has relu and tanh alone")
    return c["activation"].lower()


@op("rnn_sequence")
def rnn_sequence(c):
    return sequence(c, "RNN", [2], 4, [], nonlinearity=relu_or_tanh(c))


@op("rnn_sequence_gradient")
def rnn_sequence_gradient(c):
    return sequence_gradient(c, "RNN", [2], 4, 6, [7], nonlinearity=relu_or_tanh(c))


@op("lstm_sequence")
def lstm_sequence(c):
    return sequence(c, "LSTM", [2, 3], 5, [7])


@op("lstm_sequence_gradient")
def lstm_sequence_gradient(c):
    return sequence_gradient(c, "LSTM", [2, 3], 5, 10, [6, 11, 12, 13, 14])


def after(c):
    if not c["resetAfter"]:
        raise NoPeer("PyTorch's GRU resets after the product alone")


@op("gru_sequence")
def gru_sequence(c):
    after(c)
    return sequence(c, "GRU", [2], 4, [])


@op("gru_sequence_gradient")
def gru_sequence_gradient(c):
    after(c)
    return sequence_gradient(c, "GRU", [2], 4, 7, [8, 9])


def cell(c, kind, states, w_hh, refused, **more):
    c.absent(*refused)
    hidden = c.shape(w_hh)[-1]

    def make():
        net = getattr(c.torch.nn, kind)(c.shape(0)[-1], hidden, **more).to(device=c.device, dtype=c.dtype(0))
        x = c.normal(0)
        start = tuple(c.normal(i) for i in states)
        start = start[0] if len(start) == 1 else start
        return lambda: net(x, start)

    return [("torch eager", make)]


@op("rnn_cell")
def rnn_cell(c):
    return cell(c, "RNNCell", [1], 3, [], nonlinearity=relu_or_tanh(c))


@op("lstm_cell")
def lstm_cell(c):
    return cell(c, "LSTMCell", [1, 2], 4, [6])


@op("gru_cell")
def gru_cell(c):
    after(c)
    return cell(c, "GRUCell", [1], 3, [])


def cell_gradient(c, kind, states, w_hh, arrived, refused, **more):
    c.absent(*refused)
    if not all(c.has(i) for i in arrived):
        raise NoPeer("gradients of all outputs are needed")
    torch = c.torch
    hidden = c.shape(w_hh)[-1]

    def make():
        net = getattr(torch.nn, kind)(c.shape(0)[-1], hidden, **more).to(device=c.device, dtype=c.dtype(0))
        x = c.normal(0, grad=True)
        start = tuple(c.normal(i, grad=True) for i in states)
        wanted = [x, *start, *net.parameters()]
        gradients = [c.normal(i) for i in arrived]

        def prepare():
            out = net(x, start[0] if len(start) == 1 else start)
            return out if isinstance(out, tuple) else (out,)

        def run(out):
            return torch.autograd.grad(out, wanted, gradients, allow_unused=True)

        return prepare, run

    return [("torch eager", make)]


@op("rnn_cell_gradient")
def rnn_cell_gradient(c):
    return cell_gradient(c, "RNNCell", [1], 3, [5], [], nonlinearity=relu_or_tanh(c))


@op("lstm_cell_gradient")
def lstm_cell_gradient(c):
    return cell_gradient(c, "LSTMCell", [1, 2], 4, [8, 9], [5, 10])


@op("gru_cell_gradient")
def gru_cell_gradient(c):
    after(c)
    return cell_gradient(c, "GRUCell", [1], 3, [5], [6])


# Optimizers: a step on a list of tensors


def optimizer(c, make_optimizer, count):
    """The variants of a PyTorch optimizer: many tensors a launch, and one kernel for all."""

    def make(**variant):
        def work():
            parameters = [c.normal(1 + i).requires_grad_(True) for i in range(count)]
            for i, p in enumerate(parameters):
                p.grad = c.normal(1 + count + i)
            steps = make_optimizer(parameters, **variant)
            return lambda: steps.step()

        return work

    return [("torch foreach", make(foreach=True)), ("torch fused", make(fused=True))]


@op("adam")
def adam(c):
    betas = (c["beta1"], c["beta2"])
    kind = c.torch.optim.AdamW if c["weightDecay"] else c.torch.optim.Adam
    decay = {"weight_decay": c["weightDecay"]} if c["weightDecay"] else {}
    return optimizer(
        c, lambda p, **v: kind(p, lr=1e-3, betas=betas, eps=c["epsilon"], **decay, **v), c["tensors"])


@op("sgd")
def sgd(c):
    return optimizer(
        c,
        lambda p, **v: c.torch.optim.SGD(
            p, lr=1e-3, momentum=c["momentum"], nesterov=c["nesterov"], weight_decay=c["weightDecay"], **v),
        c["tensors"])


@op("global_norm")
def global_norm(c):
    torch = c.torch

    def make():
        tensors = [c.normal(i) for i in range(c["tensors"])]
        return lambda: torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)))

    return [("torch foreach", make)]


@op("scale_all")
def scale_all(c):
    def make():
        tensors = [c.normal(1 + i) for i in range(c["tensors"])]
        scale = c.torch.full((), 0.999, device=c.device)
        return lambda: c.torch._foreach_mul_(tensors, scale)

    return [("torch foreach", make)]
