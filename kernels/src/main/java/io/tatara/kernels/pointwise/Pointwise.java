package io.tatara.kernels.pointwise;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.layout.Fill;
import io.tatara.kernels.pointwise.Expr.Input;
import io.tatara.kernels.pointwise.Expr.Uniform;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * An expression for each element.
 *
 * <p>Inputs: x0 … x(inputs-1), broadcast to a common shape by the usual rule (align right, 1
 * stretches). Real inputs have one dtype, which is the output's (float32 where there is none);
 * int32 inputs are converted. An input named by a {@link Uniform} is a seed, int32 [2], and takes
 * no part in broadcasting. An input that the expression does not name still does. An expression has
 * at most 65536 terms, 500 of them in one another; deeper and larger ones are an error.
 *
 * <p>Output: y of the common shape. NaN and infinity go through as in Java's arithmetic.
 *
 * <p>The gradient is the derivative of the expression (see {@link Derivative} for kinks), summed
 * over the axes along which an input was stretched.
 */
public record Pointwise(Expr expr, int inputs) implements Op {
    private static final Checks CHECK = new Checks("pointwise");

    /**
     * Most terms of an expression, written out as a tree, and most of them in one another: what
     * looks at expressions, their equality too, walks the tree and descends as deep as it is.
     */
    private static final int MOST_TERMS = 1 << 16;

    private static final int MOST_DEPTH = 500;

    public Pointwise {
        checkExtent(expr);
        CHECK.that(inputs >= 0, "inputs", inputs, "a number >= 0");
        Program p = Program.of(expr);
        for (int i : p.values()) {
            CHECK.that(i < inputs, "expr", "input x" + i, "inputs below x" + inputs);
        }
        for (int i : p.seeds()) {
            CHECK.that(i < inputs, "expr", "seed x" + i, "inputs below x" + inputs);
            CHECK.that(
                    !p.values().contains(i),
                    "expr",
                    "x" + i + " as value and as seed",
                    "one or the other");
        }
    }

    private static void checkExtent(Expr expr) {
        Objects.requireNonNull(expr, "expr");
        Deque<Expr> open = new ArrayDeque<>(List.of(expr));
        Deque<Integer> depths = new ArrayDeque<>(List.of(1));
        for (int terms = 1; !open.isEmpty(); terms++) {
            int depth = depths.pop();
            CHECK.that(
                    terms <= MOST_TERMS && depth <= MOST_DEPTH,
                    "expr",
                    terms > MOST_TERMS ? "more terms" : "a deeper one",
                    "at most " + MOST_TERMS + " terms, " + MOST_DEPTH + " in one another");
            for (Expr a : open.pop().arguments()) {
                open.push(a);
                depths.push(depth + 1);
            }
        }
    }

    /** With as many inputs as the expression names. */
    public static Pointwise of(Expr expr) {
        checkExtent(expr);
        Program p = Program.of(expr);
        int n = 0;
        for (int i : p.values()) {
            n = Math.max(n, i + 1);
        }
        for (int i : p.seeds()) {
            n = Math.max(n, i + 1);
        }
        return new Pointwise(expr, n);
    }

    @Override
    public String name() {
        return "pointwise";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, inputs, inputs);
        Set<Integer> seeds = Program.of(expr).seeds();
        Shape shape = Shape.SCALAR;
        DType dtype = null;
        for (int i = 0; i < inputs; i++) {
            String arg = "x" + i;
            if (seeds.contains(i)) {
                CHECK.shape(arg, in[i], DType.INT32, 2);
                continue;
            }
            CHECK.present(arg, in[i]);
            Shape wider = Shape.broadcast(shape, in[i].shape());
            CHECK.that(wider != null, arg, in[i], "a shape that broadcasts with " + shape);
            shape = wider;
            if (in[i].dtype().isFloating()) {
                CHECK.that(
                        dtype == null || dtype == in[i].dtype(),
                        arg,
                        in[i],
                        "dtype " + dtype + " as the others");
                dtype = in[i].dtype();
            }
        }
        return new TensorSpec[] {new TensorSpec(dtype == null ? DType.FLOAT32 : dtype, shape)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        return Cost.of((double) out[0].size() * Program.of(expr).operations(), in, out);
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Value[] g = new Value[inputs];
        Value dy = b.grad(0);
        Input seed = new Input(inputs);
        for (int i = 0; i < inputs; i++) {
            if (!b.needs(i) || !b.input(i).spec().dtype().isFloating()) {
                continue;
            }
            TensorSpec spec = b.input(i).spec();
            Expr d = dy == null ? null : Derivative.of(expr, i, seed);
            if (d == null) {
                g[i] = b.one(new Fill(spec, 0));
                continue;
            }
            Value whole = d.equals(seed) ? dy : emit(b, d, dy);
            g[i] = SumTo.emit(b, whole, spec.shape());
        }
        return g;
    }

    /**
     * The derivative over the inputs that it names; dy, of the full shape, is always among them.
     */
    private Value emit(Backprop b, Expr d, Value dy) {
        Program p = Program.of(d);
        Set<Integer> used = new TreeSet<>(p.values());
        used.addAll(p.seeds());
        used.add(inputs);
        List<Integer> order = new ArrayList<>(used);
        Value[] in = order.stream().map(i -> i == inputs ? dy : b.input(i)).toArray(Value[]::new);
        return b.one(
                new Pointwise(
                        Rewriting.of(d, i -> new Input(order.indexOf(i)), order::indexOf),
                        in.length),
                in);
    }
}
