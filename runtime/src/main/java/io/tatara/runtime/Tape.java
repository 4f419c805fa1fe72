package io.tatara.runtime;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Emitter;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.layout.Fill;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Reverse-mode differentiation: a list of (op, inputs, outputs) of everything computed through it
 * that depends on a watched tensor. Used by one thread. The tensors it refers to must stay open
 * until {@link #backward} has run.
 */
public final class Tape implements Emitter {
    private record Node(Op op, Tensor[] inputs, Tensor[] outputs) {}

    private final Scope scope;
    private final List<Node> nodes = new ArrayList<>();
    private final Set<Tensor> tracked = Collections.newSetFromMap(new IdentityHashMap<>());

    Tape(Scope scope) {
        this.scope = scope;
    }

    public Scope scope() {
        return scope;
    }

    /** Tensors with respect to which gradients will be asked for. */
    public Tape watch(Tensor... tensors) {
        for (Tensor t : tensors) {
            if (!t.dtype().isFloating()) {
                throw new TataraException(
                        "watch: tensor "
                                + t.spec()
                                + " has no gradient, a floating dtype is needed");
            }
            tracked.add(t.usable());
        }
        return this;
    }

    /** The ops as methods, recorded. */
    public Ops ops() {
        return new Ops(this);
    }

    /** Number of recorded invocations. */
    public int size() {
        return nodes.size();
    }

    @Override
    public Tensor[] emit(Op op, Value... inputs) {
        Tensor[] out = scope.emit(op, inputs);
        boolean depends = false;
        for (Value v : inputs) {
            depends |= v != null && tracked.contains(v);
        }
        if (depends && op.differentiable()) {
            Tensor[] in = new Tensor[inputs.length];
            for (int i = 0; i < in.length; i++) {
                in[i] = (Tensor) inputs[i];
            }
            nodes.add(new Node(op, in, out));
            for (Tensor t : out) {
                if (t.dtype().isFloating()) {
                    tracked.add(t);
                }
            }
        }
        return out;
    }

    /**
     * Gradients of a scalar loss.
     *
     * @param loss one element, computed through this tape
     */
    public Gradients backward(Tensor loss) {
        if (loss.size() != 1) {
            throw new OpException(
                    "backward",
                    "loss",
                    loss.spec(),
                    "a tensor of one element; or pass its gradient");
        }
        return backward(loss, (Tensor) scope.one(new Fill(loss.spec(), 1)));
    }

    /**
     * Gradients of Σ output · gradient. Results live in this tape's scope.
     *
     * @throws OpException if {@code output} does not depend on a watched tensor through this tape
     */
    public Gradients backward(Tensor output, Tensor gradient) {
        if (!tracked.contains(output)) {
            throw new OpException(
                    "backward",
                    "output",
                    output,
                    "a tensor that depends on a watched one through this tape");
        }
        if (!output.spec().equals(gradient.spec())) {
            throw new OpException(
                    "backward", "gradient", gradient.spec(), output.spec().toString());
        }
        GradientSums grads = new GradientSums(scope);
        grads.add(output, gradient);
        for (int n = nodes.size() - 1; n >= 0; n--) {
            Node node = nodes.get(n);
            boolean reached = false;
            for (Tensor t : node.outputs) {
                reached |= grads.contains(t);
            }
            if (reached) {
                propagate(node, grads);
            }
        }
        return new Gradients(scope, tracked, grads);
    }

    private void propagate(Node node, GradientSums grads) {
        Value[] g = node.op.gradient(new Step(node, grads));
        for (int i = 0; i < node.inputs.length; i++) {
            Tensor input = node.inputs[i];
            if (input == null || i >= g.length || g[i] == null || !tracked.contains(input)) {
                continue;
            }
            TensorSpec got = g[i].spec();
            if (!got.equals(input.spec())) {
                throw new TataraException(
                        "gradient of "
                                + node.op.name()
                                + " for input "
                                + i
                                + " is "
                                + got
                                + ", the input is "
                                + input.spec());
            }
            grads.add(input, (Tensor) g[i]);
        }
    }

    /** A node as its op's gradient rule sees it. */
    private final class Step implements Backprop {
        private final Node node;
        private final GradientSums grads;

        Step(Node node, GradientSums grads) {
            this.node = node;
            this.grads = grads;
        }

        @Override
        public int inputs() {
            return node.inputs.length;
        }

        @Override
        public Value input(int i) {
            return i < node.inputs.length ? node.inputs[i] : null;
        }

        @Override
        public Value output(int i) {
            return node.outputs[i];
        }

        @Override
        public Value grad(int i) {
            return grads.get(node.outputs[i]);
        }

        @Override
        public boolean needs(int i) {
            return i < node.inputs.length
                    && node.inputs[i] != null
                    && tracked.contains(node.inputs[i]);
        }

        @Override
        public Value[] emit(Op op, Value... inputs) {
            return scope.emit(op, inputs);
        }
    }
}
