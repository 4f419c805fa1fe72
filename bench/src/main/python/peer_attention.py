"""Scaled dot-product attention and the norms: into the table of peer_ops."""

from peer_ops import NoPeer, op


def heads_first(c, x):
    """PyTorch's order, as a view."""
    return x.transpose(1, 2) if c["layout"] == "SEQUENCE_FIRST" else x


def arguments(c, grad=False):
    c.absent(3, 4)
    return lambda: tuple(c.normal(i, grad=grad) for i in range(3))


def attention(c):
    """The function, as PyTorch would choose its kernel."""
    f = c.torch.nn.functional.scaled_dot_product_attention
    queries = heads_first(c, c.torch.empty(c.shape(0), device="meta")).shape
    keys = heads_first(c, c.torch.empty(c.shape(1), device="meta")).shape
    if c["mask"] == "CAUSAL_END" and queries[2] not in (1, keys[2]):
        raise NoPeer("no mask that ends at the last key")
    causal = c["mask"] == "CAUSAL" or c["mask"] == "CAUSAL_END" and queries[2] > 1
    grouped = queries[1] != keys[1]

    def forward(q, k, v):
        q, k, v = (heads_first(c, x) for x in (q, k, v))
        return heads_first(c, f(q, k, v, is_causal=causal, scale=c["scale"], enable_gqa=grouped))

    return forward


def kernels(c):
    """The kernels that PyTorch has for this dtype, by name, each as a function that holds it to that one."""
    if not c.cuda:
        return [("torch eager", lambda f: f)]
    from torch.nn.attention import SDPBackend, sdpa_kernel

    def held(backend):
        def hold(f):
            def run(*x):
                with sdpa_kernel(backend):
                    return f(*x)

            return run

        return hold

    if c.dtype(0) in (c.torch.float16, c.torch.bfloat16):
        return [
            ("FlashAttention-2", held(SDPBackend.FLASH_ATTENTION)),
            ("cuDNN", held(SDPBackend.CUDNN_ATTENTION)),
        ]
    return [("torch efficient", held(SDPBackend.EFFICIENT_ATTENTION))]


def timed(c, make_forward):
    def make(hold):
        def work():
            x = arguments(c)()
            run = hold(make_forward)
            return lambda: run(*x)

        return work

    return make


@op("scaled_dot_product_attention")
def scaled_dot_product_attention(c):
    c.absent(3, 4)
    forward = attention(c)
    make = timed(c, forward)
    return [(name, make(hold)) for name, hold in kernels(c)]


@op("scaled_dot_product_attention_gradient")
def scaled_dot_product_attention_gradient(c):
    c.absent(3, 4, 8)
    if c["scores"]:
        raise NoPeer("PyTorch keeps no gradient of the scores")
    forward = attention(c)
    found = []
    for name, hold in kernels(c):
        found += c.backward(name, hold(forward), arguments(c, grad=True), lambda: [c.normal(7)])
    return found


# Norms: inputs x, residual, scale, shift (of a layer norm), seed


def norm(c, centered):
    f = c.torch.nn.functional
    width, epsilon, p = c.shape(0)[-1:], c["epsilon"], c["dropout"]

    def forward(x, residual, scale, shift):
        z = f.dropout(x, p) if p else x
        z = z if residual is None else z + residual
        y = f.layer_norm(z, width, scale, shift, epsilon) if centered else f.rms_norm(z, width, scale, epsilon)
        return (y, z) if c["sum"] else y

    return c.both(forward, lambda: (c.normal(0), c.normal(1), c.normal(2), c.normal(3) if centered else None))


@op("layer_norm")
def layer_norm(c):
    return norm(c, True)


@op("rms_norm")
def rms_norm(c):
    return norm(c, False)
