"""What PyTorch has for each op of Tatara's table. An op that is not here has no peer.

Each function below gets a Case and returns a list of (name, make): make() lays out one set of tensors and returns
the work (see peer_timing.Peer). Gradients are taken of a forward run that is not timed.
"""

from peer_timing import Peer


class NoPeer(Exception):
    """This variant of the op has none."""


TABLE = {}


def op(name):
    def put(function):
        TABLE[name] = function
        return function

    return put


class Case:
    """A request with the means to lay out its tensors."""

    def __init__(self, session, request):
        self.torch = session.torch
        self.device = session.device
        self.cuda = session.device.type == "cuda"
        self.op = request["op"]
        self.attributes = request["attributes"]
        self.inputs = request["inputs"]
        self.outputs = request["outputs"]

    def __getitem__(self, attribute):
        return self.attributes[attribute]

    def has(self, i):
        return i < len(self.inputs) and self.inputs[i] is not None

    def shape(self, i):
        return self.inputs[i]["shape"]

    def dtype(self, i):
        return getattr(self.torch, self.inputs[i]["dtype"])

    def normal(self, i, scale=1.0, grad=False):
        """Input i drawn from a normal distribution; None where it is absent."""
        if not self.has(i):
            return None
        x = self.torch.randn(self.shape(i), device=self.device, dtype=self.torch.float32).mul_(scale)
        return x.to(self.dtype(i)).requires_grad_(grad)

    def draw(self, shape, dtype, scale=1.0):
        return self.torch.randn(shape, device=self.device, dtype=self.torch.float32).mul_(scale).to(dtype)

    def whole(self, i, high):
        """Input i as indices below high."""
        return self.torch.randint(0, high, self.shape(i), device=self.device, dtype=self.torch.int64)

    def absent(self, *indices):
        for i in indices:
            if self.has(i):
                raise NoPeer("PyTorch has no variant with input %d" % i)

    def both(self, function, make_arguments, eager="torch eager"):
        """A function eager and compiled, on the same arguments."""

        def plain():
            arguments = make_arguments()
            return lambda: function(*arguments)

        def compiled():
            arguments = make_arguments()
            fast = self.compiled(function)
            return lambda: fast(*arguments)

        return [(eager, plain), ("torch.compile", compiled)]

    def compiled(self, function):
        """Compiled once for all sets."""
        if not hasattr(self, "fast"):
            self.torch._dynamo.reset()
            self.fast = self.torch.compile(function, dynamic=False)
        return self.fast

    def backward(self, name, forward, make_arguments, make_gradients):
        """The backward pass of forward(*arguments), whose tensors that require gradients get them."""
        torch = self.torch

        def make():
            arguments = make_arguments()
            wanted = [a for a in arguments if a is not None and a.requires_grad]
            gradients = make_gradients()

            def prepare():
                out = forward(*arguments)
                return out if isinstance(out, (tuple, list)) else (out,)

            def run(out):
                pairs = [(o, g) for o, g in zip(out, gradients) if g is not None]
                return torch.autograd.grad([o for o, _ in pairs], wanted, [g for _, g in pairs], allow_unused=True)

            return prepare, run

        return [(name, make)]


def peers(session, request):
    function = TABLE.get(request["op"])
    if function is None:
        return []
    try:
        return [Peer(name, make) for name, make in function(Case(session, request))]
    except NoPeer:
        return []


# Products


def activation(c, name):
    f = c.torch.nn.functional
    table = {
        "NONE": lambda x: x, "RELU": f.relu, "SIGMOID": c.torch.sigmoid, "TANH": c.torch.tanh,
        "GELU": f.gelu, "SILU": f.silu, "ELU": f.elu,
    }
    if name not in table:
        raise NoPeer("no activation " + name)
    return table[name]


@op("matmul")
def matmul(c):
    torch = c.torch
    ta, tb = c["transposeA"], c["transposeB"]
    act = c["epilogue"]["activation"]
    f = activation(c, act)

    def operands():
        k = c.shape(0)[-2 if ta else -1]
        a, b = c.normal(0), c.normal(1, max(1, k) ** -0.5)
        return a.mT if ta else a, b.mT if tb else b

    if act == "NONE" and not c.has(2) and not c.has(3):

        def make():
            a, b = operands()
            y = torch.matmul(a, b)
            return lambda: torch.matmul(a, b, out=y)

        return [("cuBLAS" if c.cuda else "torch eager", make)]

    def composed(a, b, bias, residual):
        if bias is not None and a.dim() == 2 and b.dim() == 2:
            y = torch.addmm(bias, a, b)
        else:
            y = torch.matmul(a, b)
            y = y if bias is None else y + bias
        y = f(y)
        return y if residual is None else y + residual

    return c.both(composed, lambda: (*operands(), c.normal(2), c.normal(3)))


@op("matmul_strided")
def matmul_strided(c):
    torch = c.torch
    batch, m, n, k = list(c["batch"]), c["m"], c["n"], c["k"]

    def view(x, layout, rows, columns):
        strides = [*layout["batchStrides"], layout["rowStride"], layout["columnStride"]]
        return x.view(-1).as_strided([*batch, rows, columns], strides, layout["offset"])

    def make():
        a, b = view(c.normal(0), c["a"], m, k), view(c.normal(1), c["b"], k, n)
        y = torch.matmul(a, b)
        return lambda: torch.matmul(a, b, out=y)

    return [("cuBLAS" if c.cuda else "torch eager", make)]


# Elementwise


def evaluate(torch, e, x):
    """An expression tree as eager calls."""
    kind = e["type"]
    if kind == "Input":
        return x[e["index"]]
    if kind == "Constant":
        return e["value"]
    if kind == "Unary":
        return unary(torch, e["op"], evaluate(torch, e["x"], x))
    if kind == "Binary":
        return binary(torch, e["op"], evaluate(torch, e["x"], x), evaluate(torch, e["y"], x))
    if kind == "Select":
        return torch.where(
            evaluate(torch, e["c"], x) != 0, evaluate(torch, e["x"], x), evaluate(torch, e["y"], x))
    if kind == "Uniform":
        return torch.rand_like(next(v for v in x if v is not None and v.is_floating_point()))
    raise NoPeer("no expression " + kind)


def unary(torch, name, v):
    names = {
        "NEG": "neg", "ABS": "abs", "SIGN": "sign", "EXP": "exp", "LOG": "log", "SQRT": "sqrt", "RSQRT": "rsqrt",
        "RECIPROCAL": "reciprocal", "SQUARE": "square", "TANH": "tanh", "SIGMOID": "sigmoid", "RELU": "relu",
        "EXPM1": "expm1", "LOG1P": "log1p", "ERF": "erf", "SIN": "sin", "COS": "cos", "FLOOR": "floor",
    }
    if name not in names:
        raise NoPeer("no function " + name)
    return getattr(torch, names[name])(v)


def binary(torch, name, a, b):
    if name in ("ADD", "SUB", "MUL", "DIV", "POW"):
        return {
            "ADD": lambda: a + b, "SUB": lambda: a - b, "MUL": lambda: a * b, "DIV": lambda: a / b,
            "POW": lambda: a**b,
        }[name]()
    if name in ("MAX", "MIN"):
        if not hasattr(a, "shape"):
            a, b = b, a
        if not hasattr(b, "shape"):
            return torch.clamp(a, min=b) if name == "MAX" else torch.clamp(a, max=b)
        return torch.maximum(a, b) if name == "MAX" else torch.minimum(a, b)
    if name in ("GREATER", "GREATER_EQUAL", "EQUAL"):
        r = a > b if name == "GREATER" else a >= b if name == "GREATER_EQUAL" else a == b
        return r.to(a.dtype if hasattr(a, "dtype") else b.dtype)
    raise NoPeer("no function " + name)


def seeds(e, found):
    """Inputs that hold seeds."""
    if isinstance(e, dict):
        if e.get("type") == "Uniform":
            found.add(e["input"])
        for v in e.values():
            seeds(v, found)
    return found


def is_dropout(e):
    """select(uniform >= p, x * s, 0) of one input: F.dropout."""
    return (
        e["type"] == "Select" and e["c"]["type"] == "Binary" and e["c"]["op"] == "GREATER_EQUAL"
        and e["c"]["x"]["type"] == "Uniform" and e["x"]["type"] == "Binary" and e["x"]["x"]["type"] == "Input"
    )


@op("pointwise")
def pointwise(c):
    torch = c.torch
    e = c["expr"]
    seeded = seeds(e, set())
    if is_dropout(e):
        p = e["c"]["y"]["value"]
        return c.both(lambda x: torch.nn.functional.dropout(x, p), lambda: (c.normal(e["x"]["x"]["index"]),))

    def arguments():
        return [None if i in seeded else c.normal(i) for i in range(len(c.inputs))]

    evaluate_once = evaluate(torch, e, [torch.ones(1) for _ in c.inputs])  # what has no peer says so here
    del evaluate_once
    return c.both(lambda *x: evaluate(torch, e, x), arguments)


@op("sum_to")
def sum_to(c):
    return c.both(lambda x: x.sum_to_size(*c["target"]), lambda: (c.normal(0),))


@op("activation_gradient")
def activation_gradient(c):
    aten = c.torch.ops.aten
    table = {
        "RELU": lambda y, dy: aten.threshold_backward(dy, y, 0),
        "SIGMOID": lambda y, dy: aten.sigmoid_backward(dy, y),
        "TANH": lambda y, dy: aten.tanh_backward(dy, y),
        "GELU": lambda y, dy: aten.gelu_backward(dy, y),
        "SILU": lambda y, dy: aten.silu_backward(dy, y),
    }
    f = table.get(c.attributes.get("activation"))
    if f is None:
        raise NoPeer("no such activation")
    return c.both(f, lambda: (c.normal(0), c.normal(1)))


# Reductions and softmax


@op("reduce")
def reduce(c):
    torch = c.torch
    kind, axes, keep = c["kind"], list(c["axes"]) or list(range(len(c.shape(0)))), c["keepDims"]
    functions = {"SUM": torch.sum, "MEAN": torch.mean, "MAX": torch.amax}
    if kind not in functions:
        raise NoPeer("no reduction " + kind)
    return c.both(lambda x: functions[kind](x, dim=axes, keepdim=keep), lambda: (c.normal(0),))


@op("arg_max")
def arg_max(c):
    return c.both(lambda x: c.torch.argmax(x, dim=c["axis"]), lambda: (c.normal(0),))


@op("top_k")
def top_k(c):
    return [("torch eager", lambda: (lambda x: lambda: c.torch.topk(x, c["k"]))(c.normal(0)))]


@op("softmax")
def softmax(c):
    c.absent(1)
    f = c.torch.log_softmax if c["log"] else c.torch.softmax
    return c.both(lambda x: f(x, -1), lambda: (c.normal(0),))


@op("softmax_gradient")
def softmax_gradient(c):
    aten = c.torch.ops.aten
    f = aten._log_softmax_backward_data if c["log"] else aten._softmax_backward_data
    t = c.dtype(0)
    return c.both(
        lambda y, dy: f(dy, y, -1, t), lambda: (c.torch.softmax(c.normal(0).float(), -1).to(t), c.normal(1)))


def cross_entropy_of(c):
    f = c.torch.nn.functional
    reduction = c["reduction"].lower()
    ignore, smoothing = c["ignoreIndex"], c["smoothing"]
    return lambda x, labels: f.cross_entropy(
        x, labels, ignore_index=ignore, label_smoothing=smoothing, reduction=reduction)


@op("cross_entropy")
def cross_entropy(c):
    return c.both(cross_entropy_of(c), lambda: (c.normal(0), c.whole(1, c.shape(0)[-1])))


@op("cross_entropy_gradient")
def cross_entropy_gradient(c):
    c.absent(4)
    f = cross_entropy_of(c)
    arguments = lambda: (c.normal(0, grad=True), c.whole(1, c.shape(0)[-1]))
    gradient = lambda: [c.torch.ones(c.shape(3), device=c.device, dtype=c.dtype(0))]
    return c.backward("torch eager", f, arguments, gradient) + c.backward(
        "torch.compile", c.compiled(f), arguments, gradient)


# Tables and layout


@op("embedding")
def embedding(c):
    f = c.torch.nn.functional.embedding
    return c.both(lambda ids, table: f(ids, table), lambda: (c.whole(1, c.shape(0)[0]), c.normal(0)))


@op("embedding_gradient")
def embedding_gradient(c):
    rows, padding = c["vocabulary"], c["paddingIndex"]
    f = c.torch.ops.aten.embedding_dense_backward
    return c.both(
        lambda dy, ids: f(dy, ids, rows, padding, False), lambda: (c.normal(1), c.whole(0, rows)))


@op("transpose")
def transpose(c):
    return c.both(lambda x: x.permute(c["permutation"]).contiguous(), lambda: (c.normal(0),))


@op("concat")
def concat(c):
    return c.both(
        lambda *x: c.torch.cat(x, c["axis"]), lambda: [c.normal(i) for i in range(len(c.inputs))])


@op("expand")
def expand(c):
    return c.both(lambda x: x.expand(c["shape"]).clone(
        memory_format=c.torch.contiguous_format), lambda: (c.normal(0),))


@op("gather")
def gather(c):
    axis = c["axis"]
    return c.both(
        lambda x, i: c.torch.index_select(x, axis, i), lambda: (c.normal(0), c.whole(1, c.shape(0)[axis])))


@op("slice")
def take_slice(c):
    if any(s < 1 for s in c["steps"]):
        raise NoPeer("PyTorch has no negative steps")
    cut = tuple(slice(a, b, s) for a, b, s in zip(c["starts"], c["ends"], c["steps"]))
    return c.both(lambda x: x[cut].clone(memory_format=c.torch.contiguous_format), lambda: (c.normal(0),))


@op("cast")
def cast(c):
    to = getattr(c.torch, c["to"])
    return c.both(lambda x: x.to(to), lambda: (c.normal(0),))


# Attention, as a composition: both results, context and weights, are asked for


def attend(c, score):
    def forward(*x):
        q, k, values = x[:3]
        weights = c.torch.softmax(score(q, k, *x[3:]), -1)
        return c.torch.matmul(weights, values), weights

    return forward


def additive(c):
    tanh, matmul = c.torch.tanh, c.torch.matmul
    return attend(c, lambda q, k, v: matmul(tanh(q.unsqueeze(2) + k.unsqueeze(1)), v))


def multiplicative(c):
    scale = c["scale"]
    return attend(c, lambda q, k: c.torch.matmul(q, k.mT) * scale)


def attention_gradient(c, forward, inputs, weights):
    arguments = lambda: [c.normal(i, 0.5, grad=True) for i in range(inputs)]
    gradients = lambda: [c.normal(weights + 1), c.normal(weights + 2)]
    return c.backward("torch eager", forward, arguments, gradients) + c.backward(
        "torch.compile", c.compiled(forward), arguments, gradients)


@op("additive_attention")
def additive_attention(c):
    c.absent(4)
    return c.both(additive(c), lambda: [c.normal(i, 0.5) for i in range(4)])


@op("multiplicative_attention")
def multiplicative_attention(c):
    c.absent(3)
    return c.both(multiplicative(c), lambda: [c.normal(i, 0.5) for i in range(3)])


@op("additive_attention_gradient")
def additive_attention_gradient(c):
    c.absent(4)
    return attention_gradient(c, additive(c), 4, 5)


@op("multiplicative_attention_gradient")
def multiplicative_attention_gradient(c):
    c.absent(3)
    return attention_gradient(c, multiplicative(c), 3, 4)


import peer_attention  # noqa: E402,F401  attention and norms, into the same table
import peer_convolution  # noqa: E402,F401  convolutions, pooling, batch norm
import peer_layers  # noqa: E402,F401  recurrent layers and optimizers
