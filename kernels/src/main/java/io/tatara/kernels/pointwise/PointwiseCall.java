package io.tatara.kernels.pointwise;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.layout.Cast;
import io.tatara.kernels.layout.Fill;
import io.tatara.kernels.pointwise.Expr.Binary;
import io.tatara.kernels.pointwise.Expr.Constant;
import io.tatara.kernels.pointwise.Expr.Input;
import io.tatara.kernels.pointwise.Expr.Product;
import io.tatara.kernels.pointwise.Expr.Unary;
import io.tatara.kernels.pointwise.Expr.Uniform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * A {@link Pointwise} op with its arguments, that another one can be merged into: y = f(x, g(…)) as
 * one expression. The merged expression gives the same bits as the two ops one after the other:
 *
 * <ul>
 *   <li>both give float32, so that an intermediate that is not stored loses no rounding (through a
 *       16-bit one nothing is merged);
 *   <li>expressions are not simplified, and a product that crosses the seam is rounded as such
 *       ({@link Expr.Product});
 *   <li>a {@link Uniform} numbers the elements of its op's output, so that it is merged only where
 *       the merged op's output has the same elements in the same order;
 *   <li>functions that differ between one number and a run of them (exp on the JVM) are not given a
 *       number where they had a run.
 * </ul>
 *
 * @param <K> what tells tensors apart
 */
public record PointwiseCall<K>(Pointwise op, List<Argument<K>> arguments, TensorSpec result) {
    /** Most inputs of a merged op: each is a pointer and some strides to a GPU kernel. */
    public static final int MOST_INPUTS = 8;

    /** Most terms of a merged expression, written out as a tree. */
    public static final int MOST_TERMS = 96;

    /** Largest output for which a smaller tensor's one operation is repeated for each element. */
    private static final int SMALL = 1 << 14;

    /**
     * An input as an op reads it.
     *
     * @param key the tensor's memory
     */
    public record Argument<K>(K key, TensorSpec spec) {}

    public PointwiseCall {
        arguments = List.copyOf(arguments);
    }

    /**
     * An op as an expression: {@link Pointwise}, {@link Fill}, {@link Cast} from int32, all with a
     * float32 result; null where it is none of these.
     */
    public static <K> PointwiseCall<K> of(Op op, List<Argument<K>> in, TensorSpec result) {
        if (result.dtype() != DType.FLOAT32) {
            return null;
        }
        return switch (op) {
            case Pointwise p -> new PointwiseCall<>(p, in, result);
            case Fill f -> {
                Expr value = new Constant((float) f.value());
                yield new PointwiseCall<>(new Pointwise(value, 0), in, result);
            }
            case Cast c when in.getFirst().spec().dtype() == DType.INT32 ->
                    new PointwiseCall<>(new Pointwise(new Input(0), 1), in, result);
            default -> null;
        };
    }

    /** Whether it reads nothing: one number for all elements. */
    public boolean isConstant() {
        return op.expr() instanceof Constant;
    }

    /**
     * This op with another one's expression in the place of the argument that that one computes.
     *
     * @param key the argument, wherever it is read
     * @return null where they cannot be merged
     */
    public PointwiseCall<K> merge(K key, PointwiseCall<K> producer) {
        Set<Integer> seeds = Program.of(op.expr()).seeds();
        Merged<K> merged = new Merged<>();
        Expr[] replaced = new Expr[arguments.size()];
        int[] seed = new int[arguments.size()];
        Set<Integer> named = Program.of(op.expr()).values();
        for (int i = 0; i < replaced.length; i++) {
            Argument<K> a = arguments.get(i);
            if (seeds.contains(i)) {
                seed[i] = merged.add(a, true);
            } else if (!named.contains(i)) {
                continue; // read by nobody; whether the shape still comes out is asked below
            } else if (!Objects.equals(a.key(), key)) {
                replaced[i] = new Input(merged.add(a, false));
            } else {
                replaced[i] = producer.inlined(a.spec().shape(), result.shape(), merged);
                if (replaced[i] == null) {
                    return null;
                }
            }
        }
        Expr e = Rewriting.of(op.expr(), i -> replaced[i], i -> seed[i]);
        if (merged.in.size() > MOST_INPUTS || terms(e) > MOST_TERMS) {
            return null;
        }
        if (producer.result.size() > 1
                && producer.isNumber(producer.op.expr())
                && new PointwiseCall<>(new Pointwise(e, merged.in.size()), merged.in, result)
                        .any(e, PointwiseCall::differsForNumbers)) {
            return null;
        }
        Pointwise whole = new Pointwise(e, merged.in.size());
        TensorSpec[] specs = merged.in.stream().map(Argument::spec).toArray(TensorSpec[]::new);
        return Arrays.equals(whole.infer(specs), new TensorSpec[] {result})
                ? new PointwiseCall<>(whole, merged.in, result)
                : null;
    }

    /** Arguments of a merged op, each once. */
    private static final class Merged<K> {
        private final List<Argument<K>> in = new ArrayList<>();
        private final List<Boolean> seeds = new ArrayList<>();

        int add(Argument<K> a, boolean seed) {
            for (int i = 0; i < in.size(); i++) {
                if (in.get(i).equals(a) && seeds.get(i) == seed) {
                    return i;
                }
            }
            in.add(a);
            seeds.add(seed);
            return in.size() - 1;
        }
    }

    /**
     * This op's expression over the merged op's inputs, null where it cannot be.
     *
     * @param read the shape under which the result is read: the result's, or a view's
     * @param whole the shape that the merged op computes
     */
    private Expr inlined(Shape read, Shape whole, Merged<K> merged) {
        Program program = Program.of(op.expr());
        boolean stretched = !read.equals(whole);
        if (stretched && !isConstant() && !repeats(program, whole)) {
            return null;
        }
        boolean view = !read.equals(result.shape());
        Set<Integer> seeds = program.seeds();
        Set<Integer> values = program.values();
        Expr[] inputs = new Expr[arguments.size()];
        int[] seed = new int[arguments.size()];
        for (int i = 0; i < inputs.length; i++) {
            Argument<K> a = arguments.get(i);
            if (seeds.contains(i)) {
                seed[i] = merged.add(a, true);
            } else if (values.contains(i)) {
                TensorSpec spec = view ? seen(a.spec(), read) : a.spec();
                if (spec == null) {
                    return null;
                }
                inputs[i] = new Input(merged.add(new Argument<>(a.key(), spec), false));
            }
        }
        return rounded(Rewriting.of(op.expr(), i -> inputs[i], i -> seed[i]));
    }

    /** Whether to compute this again for each element that it is stretched to. */
    private boolean repeats(Program program, Shape whole) {
        return whole.size() <= SMALL
                && program.uniforms().isEmpty()
                && program.operations() <= 1
                && !any(op.expr(), (call, e) -> !exact(e));
    }

    /** An input under the shape that a view gives the result; null where it was stretched. */
    private TensorSpec seen(TensorSpec input, Shape read) {
        if (input.shape().equals(result.shape())) {
            return input.withShape(read);
        }
        return input.size() == 1 ? input.withShape(Shape.SCALAR) : null;
    }

    /** A product that was stored was rounded. (A random number is exact either way.) */
    private static Expr rounded(Expr e) {
        return switch (e) {
            case Binary b when b.op() == BinaryOp.MUL -> new Product(b.x(), b.y());
            case Unary u when u.op() == UnaryOp.SQUARE -> new Product(u.x(), u.x());
            case Unary u when u.op() == UnaryOp.NEG -> new Unary(UnaryOp.NEG, rounded(u.x()));
            default -> e;
        };
    }

    private boolean any(Expr e, BiPredicate<PointwiseCall<K>, Expr> what) {
        if (what.test(this, e)) {
            return true;
        }
        for (Expr a : e.arguments()) {
            if (any(a, what)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the expression has one value for all elements. */
    private boolean isNumber(Expr e) {
        return switch (e) {
            case Constant c -> true;
            case Input i -> arguments.get(i.index()).spec().size() == 1;
            case Uniform u -> false;
            default -> e.arguments().stream().allMatch(this::isNumber);
        };
    }

    /** Whether the expression is a number through a function that rounds runs differently. */
    private boolean differsForNumbers(Expr e) {
        boolean power = e instanceof Binary b && b.op() == BinaryOp.POW; // treats numbers apart
        return !exact(e) && (power || isNumber(e));
    }

    /** Whether the function is correctly rounded wherever it is computed. */
    private static boolean exact(Expr e) {
        return switch (e) {
            case Unary u ->
                    switch (u.op()) {
                        case NEG, ABS, SIGN, SQUARE, RELU, FLOOR -> true;
                        default -> false;
                    };
            case Binary b -> b.op() != BinaryOp.POW && b.op() != BinaryOp.DIV;
            default -> true;
        };
    }

    private static int terms(Expr e) {
        int n = 1;
        for (Expr a : e.arguments()) {
            n += terms(a);
        }
        return n;
    }
}
