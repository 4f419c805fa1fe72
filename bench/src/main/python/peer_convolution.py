"""Convolutions, pooling, up-sampling and batch norm: into the table of peer_ops.

On a GPU each stands in the plain layout and, where images have a second one that PyTorch may be faster in, in
channels_last as well, tensors laid out so beforehand: the better of the two is the peer to be held against.
"""

from peer_ops import NoPeer, activation, op


def tune(c):
    """cuDNN measures its algorithms on the first call of a shape and keeps the best."""
    c.torch.backends.cudnn.benchmark = True
    c.torch.backends.cudnn.deterministic = False


def layouts(c):
    """(suffix of the name, how to lay out a tensor of images)."""
    found = [("", lambda x: x)]
    if c.cuda:
        last = c.torch.channels_last
        found.append((" channels_last", lambda x: None if x is None else x.contiguous(memory_format=last)))
    return found


def window(c, name="window"):
    """stride, padding, dilation as PyTorch takes them."""
    w = c[name]
    if w["padTop"] != w["padBottom"] or w["padLeft"] != w["padRight"]:
        raise NoPeer("PyTorch pads both sides alike")
    return (
        [w["strideY"], w["strideX"]], [w["padTop"], w["padLeft"]], [w["dilationY"], w["dilationX"]],
    )


def conv_name(c, channels):
    """Depthwise convolutions run in PyTorch's own kernels or in cuDNN's, as PyTorch finds best."""
    if not c.cuda:
        return "torch eager"
    return "torch" if c["groups"] == channels and channels > 1 else "cuDNN"


@op("conv2d")
def conv2d(c):
    tune(c)
    torch = c.torch
    stride, padding, dilation = window(c)
    groups = c["groups"]
    kind = c["epilogue"]["activation"]
    f = activation(c, kind)
    taps = c.shape(1)[1] * c.shape(1)[2] * c.shape(1)[3]

    def finish(y, residual):
        y = torch.relu_(y) if kind == "RELU" else f(y)
        return y if residual is None else y + residual

    def make(lay):
        def work():
            x, w = lay(c.normal(0)), lay(c.normal(1, max(1, taps) ** -0.5))
            bias, residual = c.normal(2), lay(c.normal(3))

            def run():
                y = torch.nn.functional.conv2d(x, w, bias, stride, padding, dilation, groups)
                return finish(y, residual)

            return run

        return work

    def fused(lay):
        def work():
            x, w, bias = lay(c.normal(0)), lay(c.normal(1, max(1, taps) ** -0.5)), c.normal(2)
            return lambda: torch.cudnn_convolution_relu(x, w, bias, stride, padding, dilation, groups)

        return work

    name = conv_name(c, c.shape(0)[1])
    found = [(name + suffix, make(lay)) for suffix, lay in layouts(c)]
    if c.cuda and kind == "RELU" and c.has(2) and not c.has(3):
        found += [("cuDNN fused" + suffix, fused(lay)) for suffix, lay in layouts(c)]
    return found


def conv2d_backward(c, x_shape, dy, weight, mask):
    """aten's own gradient, one of its three results asked for."""
    tune(c)
    stride, padding, dilation = window(c)
    groups = c["groups"]
    run = c.torch.ops.aten.convolution_backward

    def make(lay):
        def work():
            x = lay(c.draw(x_shape, c.dtype(0)))
            w = lay(c.draw(weight, c.dtype(0), 0.1))
            g = lay(c.normal(dy))
            return lambda: run(g, x, w, None, stride, padding, dilation, False, [0, 0], groups, mask)

        return work

    name = conv_name(c, x_shape[1])
    return [(name + suffix, make(lay)) for suffix, lay in layouts(c)]


@op("conv2d_data_gradient")
def conv2d_data_gradient(c):
    n, m = c.shape(0)[:2]
    channels = c.shape(1)[1] * c["groups"]
    x = [n, channels, c["height"], c["width"]]
    return conv2d_backward(c, x, 0, c.shape(1), [True, False, False])


@op("conv2d_weight_gradient")
def conv2d_weight_gradient(c):
    x = c.shape(0)
    weight = [c.shape(1)[1], x[1] // c["groups"], c["kernelHeight"], c["kernelWidth"]]
    return conv2d_backward(c, x, 1, weight, [False, True, False])


# Dilated causal convolutions


def causal(c, dilation):
    f = c.torch.nn.functional

    def run(x, weight, bias):
        reach = (weight.shape[2] - 1) * dilation
        return f.conv1d(f.pad(x, (reach, 0)), weight, bias, dilation=dilation)

    return run


def eager(c):
    return "torch eager"


@op("causal_conv1d")
def causal_conv1d(c):
    tune(c)
    c.absent(3)
    if c["carry"]:
        raise NoPeer("PyTorch carries no state")
    return c.both(causal(c, c["dilation"]), lambda: (c.normal(0), c.normal(1, 0.1), c.normal(2)))


@op("causal_conv1d_data_gradient")
def causal_conv1d_data_gradient(c):
    tune(c)
    c.absent(2)
    if c["state"]:
        raise NoPeer("PyTorch carries no state")
    n, _, t = c.shape(0)
    x = [n, c.shape(1)[1], t]
    arguments = lambda: (c.draw(x, c.dtype(0)).requires_grad_(True), c.normal(1, 0.1), None)
    return c.backward(eager(c), causal(c, c["dilation"]), arguments, lambda: [c.normal(0)])


@op("causal_conv1d_weight_gradient")
def causal_conv1d_weight_gradient(c):
    tune(c)
    c.absent(2)
    w = [c.shape(1)[1], c.shape(0)[1], c["kernel"]]
    arguments = lambda: (c.normal(0), c.draw(w, c.dtype(0), 0.1).requires_grad_(True), None)
    return c.backward(eager(c), causal(c, c["dilation"]), arguments, lambda: [c.normal(1)])


@op("gated_causal_layer")
def gated_causal_layer(c):
    """The composition: one convolution, the gates, two products, two sums."""
    tune(c)
    c.absent(9)
    if c["carry"]:
        raise NoPeer("PyTorch carries no state")
    torch = c.torch
    keep = c["keep"]
    convolution = causal(c, c["dilation"])
    conv1d = torch.nn.functional.conv1d

    def forward(x, weight, bias, condition, w_residual, b_residual, w_skip, b_skip, skip):
        a = convolution(x, weight, bias)
        if condition is not None:
            a = a + (condition.unsqueeze(2) if condition.dim() == 2 else condition)
        filters, gates = a.chunk(2, 1)
        filters, gates = torch.tanh(filters), torch.sigmoid(gates)
        z = filters * gates
        y = x + conv1d(z, w_residual.unsqueeze(2), b_residual)
        out = conv1d(z, w_skip.unsqueeze(2), b_skip)
        out = out if skip is None else skip + out
        return (y, out, torch.cat([filters, gates], 1)) if keep else (y, out)

    scales = [1.0, 0.1, 1.0, 1.0, 0.1, 1.0, 0.1, 1.0, 1.0]
    return c.both(forward, lambda: tuple(c.normal(i, s) for i, s in enumerate(scales)))


@op("gated_activation_gradient")
def gated_activation_gradient(c):
    c.absent(2)

    def forward(kept, dz):
        f, g = kept.chunk(2, 1)
        df = dz * g * (1 - f * f)
        dg = dz * f * g * (1 - g)
        return c.torch.cat([df, dg], 1), f * g

    return c.both(forward, lambda: (c.normal(0), c.normal(1)))


# Batch norm


def statistics(c, at):
    """Running mean and variance."""
    if not c.has(at):
        return None, None
    return c.normal(at), c.normal(at + 1).abs_().add_(0.5)


@op("batch_norm")
def batch_norm(c):
    tune(c)
    f = c.torch.nn.functional.batch_norm

    def make(lay):
        def work():
            x, scale, shift = lay(c.normal(0)), c.normal(1), c.normal(2)
            mean, variance = statistics(c, 3)
            return lambda: f(x, mean, variance, scale, shift, True, c["momentum"], c["epsilon"])

        return work

    images = len(c.shape(0)) == 4
    return [("torch" + s, make(lay)) for s, lay in layouts(c) if images or not s]


@op("batch_norm_gradient")
def batch_norm_gradient(c):
    tune(c)
    c.absent(4, 5, 6)
    f = c.torch.nn.functional.batch_norm
    images = len(c.shape(0)) == 4
    found = []
    for suffix, lay in layouts(c):
        if suffix and not images:
            continue

        def arguments(lay=lay):
            x = lay(c.normal(0)).requires_grad_(True)
            vectors = [c.torch.ones(c.shape(0)[1], device=c.device, dtype=c.dtype(0)) for _ in range(2)]
            return (x, *(v.requires_grad_(c[name]) for v, name in zip(vectors, ("scale", "shift"))))

        def forward(x, scale, shift):
            return f(x, None, None, scale, shift, True)

        found += c.backward("torch" + suffix, forward, arguments, lambda lay=lay: [lay(c.normal(3))])
    return found


# Pooling and up-sampling


def pool(c):
    """kernel, stride, padding, dilation."""
    w = c["window"]
    if w["top"] != w["bottom"] or w["left"] != w["right"]:
        raise NoPeer("PyTorch pads both sides alike")
    kernel, padding = [w["kernelH"], w["kernelW"]], [w["top"], w["left"]]
    if any(2 * p > k for p, k in zip(padding, kernel)):
        raise NoPeer("PyTorch pads by half a kernel at most")
    return kernel, [w["strideH"], w["strideW"]], padding, [w["dilationH"], w["dilationW"]]


def on_images(c, make):
    """Both layouts of make(lay)."""
    return [("torch" + suffix, make(lay)) for suffix, lay in layouts(c)]


@op("max_pool")
def max_pool(c):
    f = c.torch.nn.functional.max_pool2d
    kernel, stride, padding, dilation = pool(c)

    def make(lay):
        def work():
            x = lay(c.normal(0))
            return lambda: f(x, kernel, stride, padding, dilation, return_indices=True)

        return work

    return on_images(c, make)


@op("max_pool_gradient")
def max_pool_gradient(c):
    f = c.torch.nn.functional.max_pool2d
    run = c.torch.ops.aten.max_pool2d_with_indices_backward
    kernel, stride, padding, dilation = pool(c)
    shape = [*c.shape(1)[:2], c["height"], c["width"]]

    def make(lay):
        def work():
            x, dy = lay(c.draw(shape, c.dtype(1))), lay(c.normal(1))
            indices = f(x, kernel, stride, padding, dilation, return_indices=True)[1]
            return lambda: run(dy, x, kernel, stride, padding, dilation, False, indices)

        return work

    return on_images(c, make)


def average(c):
    kernel, stride, padding, dilation = pool(c)
    if dilation != [1, 1]:
        raise NoPeer("PyTorch's average is not dilated")
    return kernel, stride, padding


@op("average_pool")
def average_pool(c):
    f = c.torch.nn.functional.avg_pool2d
    kernel, stride, padding = average(c)

    def make(lay):
        def work():
            x = lay(c.normal(0))
            return lambda: f(x, kernel, stride, padding, False, c["countIncludePad"])

        return work

    return on_images(c, make)


@op("average_pool_gradient")
def average_pool_gradient(c):
    run = c.torch.ops.aten.avg_pool2d_backward
    kernel, stride, padding = average(c)
    shape = [*c.shape(0)[:2], c["height"], c["width"]]

    def make(lay):
        def work():
            x, dy = lay(c.draw(shape, c.dtype(0))), lay(c.normal(0))
            return lambda: run(dy, x, kernel, stride, padding, False, c["countIncludePad"], None)

        return work

    return on_images(c, make)


def scaling(c, size):
    """How PyTorch spells the mode."""
    kind = c["mode"]
    more = {} if kind == "NEAREST" else {"align_corners": kind == "BILINEAR_ALIGNED"}
    f = c.torch.nn.functional.interpolate
    return lambda x: f(x, size=size, mode="nearest" if kind == "NEAREST" else "bilinear", **more)


@op("upsample")
def upsample(c):
    run = scaling(c, [c["height"], c["width"]])

    def make(lay):
        def work():
            x = lay(c.normal(0))
            return lambda: run(x)

        return work

    return on_images(c, make)


@op("upsample_gradient")
def upsample_gradient(c):
    run = scaling(c, c.shape(0)[2:])
    shape = [*c.shape(0)[:2], c["height"], c["width"]]
    found = []
    for suffix, lay in layouts(c):

        def arguments(lay=lay):
            return (lay(c.draw(shape, c.dtype(0))).requires_grad_(True),)

        found += c.backward("torch" + suffix, run, arguments, lambda lay=lay: [lay(c.normal(0))])
    return found
